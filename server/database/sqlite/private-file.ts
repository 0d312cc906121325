import { chmodSync, closeSync, openSync } from 'node:fs';

/** What SQLite keeps beside a database; new ones get the mode of the database itself. */
export const BESIDE = ['', '-wal', '-shm', '-journal'];

/**
 * Makes a database for this user alone before SQLite opens it, whatever the folder's mode and the umask are, and narrows
 * what an earlier version made wider. File systems without modes keep their own.
 */
export function keepDatabasePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch {
    // SQLite says why in its own words.
    return;
  }
  for (const suffix of BESIDE) narrow(`${path}${suffix}`);
}

function narrow(path: string): void {
  try {
    chmodSync(path, 0o600);
  } catch {
    // Not there, or somebody else's to decide.
  }
}
