import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { relative, sep } from 'node:path';

/** What stood at a real path below a root when it was opened without following any link. */
type Beneath =
  | { readonly kind: 'file'; readonly handle: FileHandle; readonly stats: Stats }
  /** A folder, a FIFO, a device, a socket: nothing was opened. */
  | { readonly kind: 'not-regular'; readonly stats: Stats }
  /** A part of the path became a link, or went away, after it was resolved. */
  | { readonly kind: 'replaced' };

/** `open(2)`: a descriptor that names a file without opening it; Node has no constant for it. */
const O_PATH = 0o10000000;
/** macOS 11: fails where any part of the path is a link. */
const O_NOFOLLOW_ANY = 0x2000_0000;
/** Should the file have become a FIFO, the open returns at once instead of waiting for a writer. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file read-only below `root`, both real paths, so that no link swapped in between leads out: on Linux part
 * by part from the root's own descriptor, the last one judged before it is opened (openat2's RESOLVE_BENEATH, which
 * Node does not have). Elsewhere as near as the system comes to it; the caller then compares what was opened.
 */
export function openBeneath(root: string, real: string): Promise<Beneath> {
  return process.platform === 'linux' ? walk(root, relative(root, real).split(sep)) : openWhole(real);
}

async function walk(root: string, parts: readonly string[]): Promise<Beneath> {
  let at: FileHandle | undefined;
  try {
    at = await open(root, O_PATH | constants.O_DIRECTORY);
    for (const [index, part] of parts.entries()) {
      const isLast = index === parts.length - 1;
      const below = `/proc/self/fd/${at.fd}/${part}`;
      const next = await open(below, O_PATH | constants.O_NOFOLLOW | (isLast ? 0 : constants.O_DIRECTORY));
      await at.close();
      at = next;
    }
    const stats = await at.stat();
    if (stats.isSymbolicLink()) return { kind: 'replaced' };
    if (!stats.isFile()) return { kind: 'not-regular', stats };
    // Through the descriptor: this very file, whatever its name stands for by now.
    return { kind: 'file', handle: await open(`/proc/self/fd/${at.fd}`, READ), stats };
  } catch (error) {
    if (isGone(error)) return { kind: 'replaced' };
    throw error;
  } finally {
    await at?.close();
  }
}

async function openWhole(real: string): Promise<Beneath> {
  const none = process.platform === 'darwin' ? O_NOFOLLOW_ANY : 0;
  let handle: FileHandle;
  try {
    handle = await open(real, READ | (constants.O_NOFOLLOW ?? 0) | none);
  } catch (error) {
    if (isGone(error)) return { kind: 'replaced' };
    throw error;
  }
  const stats = await handle.stat();
  if (stats.isFile()) return { kind: 'file', handle, stats };
  await handle.close();
  return { kind: 'not-regular', stats };
}

const GONE = ['ENOENT', 'ENOTDIR', 'ELOOP'];

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && GONE.includes(String(error.code));
}
