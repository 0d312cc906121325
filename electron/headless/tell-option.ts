import { dirname, resolve } from 'node:path';
import type { ServerOptions } from '../../server/options.ts';
import { parseTellFile } from '../../server/tell/tell-file.ts';
import { readSecretOption } from './secret-option.ts';

/**
 * `--tell FILE`: who is told of what. Files that it names are looked for beside it. None of them may be readable by
 * everybody. @throws RefusedError TELL_FILE_UNUSABLE, SECRET_FILE_…
 */
export function tellOf(file: string | undefined): Pick<ServerOptions, 'tell'> {
  if (file === undefined) return {};
  const text = readSecretOption(file, 'file of who is told');
  const folder = dirname(resolve(file));
  const readSecret = (name: string): string => readSecretOption(resolve(folder, name), 'secret file');
  return { tell: { targets: parseTellFile(text, file, readSecret) } };
}
