import { readFileSync, rmSync } from 'node:fs';
import { oneTimeTokenIn } from '../../shared/one-time-token.ts';

/** Null when there is none or it cannot be read. */
export function readOneTimeToken(file: string): string | null {
  try {
    const token = oneTimeTokenIn(readFileSync(file, 'utf8'));
    return token === '' ? null : token;
  } catch {
    return null;
  }
}

/** A used token is worth nothing any more; where it may not be removed, whoever put it there does that. */
export function removeOneTimeToken(file: string): void {
  try {
    rmSync(file);
  } catch {
    // A folder of root's: the service may only read it.
  }
}
