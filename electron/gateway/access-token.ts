import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flushFolder } from '../work/storage/durable-file.ts';
import { WebViewError } from './web-view-error.ts';

/** 256 bits as base64url without padding. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Reads the 256-bit access token, or makes it; the file is 0600 in either case. */
export async function readOrCreateToken(file: string): Promise<string> {
  const fresh = randomBytes(32).toString('base64url');
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${fresh}\n`, { mode: 0o600, flag: 'wx', flush: true });
    await flushFolder(dirname(file));
    return fresh;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw unusable(file, error);
  }
  const token = await readFile(file, 'utf8').then(
    (text) => text.trim(),
    (error: unknown) => {
      throw unusable(file, error);
    },
  );
  if (!TOKEN.test(token)) throw unusable(file);
  await chmod(file, 0o600).catch((error: unknown) => {
    throw unusable(file, error);
  });
  return token;
}

function unusable(file: string, cause?: unknown): WebViewError {
  return new WebViewError(
    {
      code: 'TOKEN_FILE_UNUSABLE',
      message: `The access token of the web view cannot be kept in ${file}.`,
      nextStep: 'Delete this file, or choose a folder that this account may write to.',
    },
    { cause },
  );
}
