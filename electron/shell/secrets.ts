import { readFileSync, rmSync } from 'node:fs';
import type { SafeStorage } from 'electron';
import { z } from 'zod';
import { StartError } from '../agent/journal/database.ts';
import { replaceFile } from '../work/storage/durable-file.ts';

/** The part of Electron's safeStorage that is used here. */
export type Keystore = Pick<
  SafeStorage,
  'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'getSelectedStorageBackend'
> & {
  decryptStringAsync(encrypted: Buffer): Promise<{ readonly result: string; readonly shouldReEncrypt: boolean }>;
};

/** `keystore`: sealed with a key of the OS; `file`: readable by this account only, and no more than that. */
type Protection = 'keystore' | 'file';

/** One secret. */
export interface SecretStore {
  /** What a secret written now would be protected by. */
  protection(): Promise<Protection>;
  /** Null when there is none. Throws StartError when it is there and cannot be opened. */
  read(): Promise<string | null>;
  write(secret: string): Promise<Protection>;
  forget(): void;
}

const StoredSecret = z.object({ protection: z.enum(['keystore', 'file']), data: z.string() });

/**
 * A secret in `file` (0600), sealed by the OS keystore where there is one. On Linux without a keyring Chromium "seals"
 * with a password that is in its source: that is not passed off as protection.
 */
export function createSecretStore(
  file: string,
  keystore: Keystore,
  platform: NodeJS.Platform = process.platform,
): SecretStore {
  const protection = async (): Promise<Protection> => {
    if (!(await keystore.isAsyncEncryptionAvailable())) return 'file';
    const inSource = platform === 'linux' && ['basic_text', 'unknown'].includes(keystore.getSelectedStorageBackend());
    return inSource ? 'file' : 'keystore';
  };
  const write = async (secret: string): Promise<Protection> => {
    const kind = await protection();
    const data = kind === 'keystore' ? (await keystore.encryptStringAsync(secret)).toString('base64') : secret;
    replaceFile(file, JSON.stringify({ protection: kind, data }));
    return kind;
  };
  return {
    protection,
    write,
    async read() {
      const stored = readStored(file);
      if (stored === null) return null;
      if (stored.protection === 'file') {
        // A keyring that came later seals what could only be hidden before.
        if ((await protection()) === 'keystore') await write(stored.data);
        return stored.data;
      }
      const opened = await open(keystore, file, stored.data);
      if (opened.shouldReEncrypt) await write(opened.result);
      return opened.result;
    },
    forget: () => rmSync(file, { force: true }),
  };
}

async function open(keystore: Keystore, file: string, data: string) {
  try {
    return await keystore.decryptStringAsync(Buffer.from(data, 'base64'));
  } catch (error) {
    throw new StartError(
      {
        code: 'SECRET_LOCKED',
        message: `The system’s keystore does not open the server token in ${file}.`,
        nextStep: 'Unlock the keystore and start again, or delete this file and pair with the server anew.',
      },
      { cause: error },
    );
  }
}

function readStored(file: string): z.infer<typeof StoredSecret> | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw damaged(file, error);
  }
  try {
    return StoredSecret.parse(JSON.parse(text));
  } catch {
    // Without a cause: a parser's message quotes what it read, and that is a secret.
    throw damaged(file);
  }
}

function damaged(file: string, cause?: unknown): StartError {
  const message = `The server token in ${file} cannot be read.`;
  const nextStep = 'Delete this file and pair with the server anew.';
  return new StartError({ code: 'SECRET_UNREADABLE', message, nextStep }, { cause });
}
