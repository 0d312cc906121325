import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk that can be filled to the last block. */
export interface SmallDisk {
  readonly folder: string;
  fill(): void;
  /** Removes what `fill` wrote. */
  empty(): void;
  close(): void;
}

export function openSmallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'rc-disk-'));
  if (!mount(folder, megabytes)) throw new Error(NO_SMALL_DISK ?? 'the small disk cannot be mounted');
  const filler = join(folder, 'filler');
  return {
    folder,
    fill() {
      const file = openSync(filler, 'a');
      try {
        for (const size of [1 << 20, 4_096]) writeUntilFull(file, Buffer.alloc(size, 1));
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(filler, { force: true }),
    close() {
      spawnSync('umount', ['--lazy', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function writeUntilFull(file: number, block: Buffer): void {
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

const mount = (folder: string, megabytes: number): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]).status === 0;

/** Why a small disk cannot be had here, or null: mounting needs root. */
export const NO_SMALL_DISK: string | null =
  process.platform === 'linux' && process.getuid?.() === 0 && mountWorks()
    ? null
    : 'mounting a small disk is not allowed';

function mountWorks(): boolean {
  const folder = join(tmpdir(), `rc-mount-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const works = mount(folder, 1);
  if (works) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
  return works;
}
