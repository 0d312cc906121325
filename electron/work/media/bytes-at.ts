import { read } from 'node:fs';

/** Up to `length` bytes from `position` on; fewer at the end of the file. Leaves the descriptor's own position alone. */
export function bytesAt(fd: number, position: number, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    read(fd, Buffer.alloc(length), 0, length, position, (error, bytesRead, buffer) => {
      if (error === null) resolve(buffer.subarray(0, bytesRead));
      else reject(error);
    });
  });
}
