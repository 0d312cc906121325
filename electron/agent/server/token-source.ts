import { readFileSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Refusal } from '../../../shared/failure.ts';
import { StartError } from '../journal/database.ts';

/** The bearer token and how a new one is noticed. Never a setting, never logged. */
export interface TokenSource {
  current(): string;
  /** Reads the file again; true when the token changed. */
  refresh(): boolean;
  onChange(listener: (token: string) => void): void;
  /** Why there is no token, where `current` is empty: said instead of “the token is refused”. */
  problem?(): Refusal | null;
  close(): void;
}

export function fixedToken(token: string): TokenSource {
  return { current: () => token, refresh: () => false, onChange: () => undefined, close: () => undefined };
}

/**
 * A token in a file, read again when the file changes (protocol.md, Answers: headless). Throws StartError when it
 * cannot be read at the start; afterwards a missing file keeps the last token.
 */
export function tokenFromFile(file: string): TokenSource {
  let token = readToken(file);
  const listeners = new Set<(token: string) => void>();
  const refresh = (): boolean => {
    const next = tryRead(file);
    if (next === null || next === token) return false;
    token = next;
    for (const listener of listeners) listener(token);
    return true;
  };
  const watcher = watchFolder(dirname(file), (name) => {
    if (name === null || name === basename(file)) refresh();
  });
  return {
    current: () => token,
    refresh,
    onChange: (listener) => listeners.add(listener),
    close: () => watcher?.close(),
  };
}

/** The folder is watched, not the file: most tools replace a file instead of writing into it. */
function watchFolder(folder: string, onChange: (name: string | null) => void): FSWatcher | null {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => onChange(name));
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    // No watching on this file system: the read every 60 s while the server refuses the token remains.
    return null;
  }
}

function readToken(file: string): string {
  try {
    const token = readFileSync(file, 'utf8').trim();
    if (token !== '') return token;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new StartError({
      code: 'TOKEN_FILE_UNREADABLE',
      message: `The token file ${file} cannot be read (${code}).`,
      nextStep: 'Give the file that the server made (agent-token in its data folder), readable by this user.',
    });
  }
  throw new StartError({
    code: 'TOKEN_FILE_EMPTY',
    message: `The token file ${file} is empty.`,
    nextStep: 'Put the server’s agent token into it.',
  });
}

function tryRead(file: string): string | null {
  try {
    const token = readFileSync(file, 'utf8').trim();
    return token === '' ? null : token;
  } catch {
    return null;
  }
}
