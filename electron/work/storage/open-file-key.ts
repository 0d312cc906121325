import { fstat } from 'node:fs';
import { promisify } from 'node:util';

const stat = promisify(fstat);

/** The open file as its file system knows it: a changed or replaced one is another. */
export async function openFileKey(fd: number): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(fd, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join('\n');
}
