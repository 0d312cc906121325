import { readFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import type { ProgramOutput } from '../../../work/process/program-output.ts';

export interface MemoryMeter {
  /** What programs can still get without anybody being pushed out, in MB; null where nobody tells. */
  freeMb(): Promise<number | null>;
}

export function createMemoryMeter(ask: ProgramOutput, platform: NodeJS.Platform = process.platform): MemoryMeter {
  // "Free" alone is nearly nothing on a healthy macOS: caches that give way at once count as well.
  if (platform === 'darwin') return { freeMb: async () => parseVmStat((await ask('/usr/bin/vm_stat', [])) ?? '') };
  if (platform === 'win32') return { freeMb: async () => freemem() / 1e6 };
  return linuxMemory();
}

export function linuxMemory(file = '/proc/meminfo'): MemoryMeter {
  return {
    async freeMb() {
      const text = await readFile(file, 'utf8').catch(() => '');
      const match = /^MemAvailable:\s+(\d+) kB$/m.exec(text);
      return match === null ? null : (Number(match[1]) * 1_024) / 1e6;
    },
  };
}

/** Pages that are free, inactive, speculative or purgeable, times the page size of the first line. */
export function parseVmStat(text: string): number | null {
  const pageBytes = Number(/page size of (\d+) bytes/.exec(text)?.[1] ?? Number.NaN);
  const pages = [...text.matchAll(/^Pages (?:free|inactive|speculative|purgeable):\s+(\d+)\.$/gm)];
  if (Number.isNaN(pageBytes) || pages.length === 0) return null;
  return (pages.reduce((sum, [, count]) => sum + Number(count), 0) * pageBytes) / 1e6;
}
