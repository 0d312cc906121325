import type { TokenStore } from '../agent/commands/server-access.ts';
import { replaceFile } from '../work/storage/durable-file.ts';
import type { TokenSource } from '../agent/server/token-source.ts';

/** The server's token of a machine without a keystore, in the data folder. */
export const TOKEN_FILE = 'server-token';

/**
 * Keeps a server's token in a 0600 file. `inUse` is the source that reads this file now, if one does: then a new token
 * for the same server acts at once.
 */
export function tokenFileStore(
  file: string,
  inUse?: { readonly source: TokenSource; readonly serverUrl: string },
): TokenStore {
  return {
    async keep(serverUrl, token) {
      try {
        replaceFile(file, `${token}\n`);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
        return {
          refusal: {
            code: 'TOKEN_NOT_KEPT',
            message: `The token cannot be written to ${file} (${code}).`,
            nextStep: 'Let this user write there, or make room on its disk.',
          },
        };
      }
      if (inUse?.serverUrl !== serverUrl) return { acts: 'after-restart' };
      inUse.source.refresh();
      return { acts: 'now' };
    },
  };
}
