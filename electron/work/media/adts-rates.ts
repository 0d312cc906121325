import { basename } from 'node:path';
import { failure, type Failure } from '../../../shared/failure.ts';
import { bytesAt } from './bytes-at.ts';
import { adtsLength, FRAMES_IN_A_ROW } from './probe-truncation-sound.ts';
import type { Source } from '../execution.ts';

/** ISO/IEC 14496-3, table 1.18: sampling frequencies by their index, Hz. */
const RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
const WINDOW_BYTES = 4 << 20;

/**
 * The sampling rates of a raw AAC file (ADTS), Hz, each once, in their order. Every frame says its own, the tools believe
 * the first: what was joined from recordings of different rates would be played too fast or too slow behind the joint.
 */
async function adtsRates(fd: number, sizeBytes: number): Promise<readonly number[]> {
  const rates = new Set<number>();
  let window: Buffer = Buffer.alloc(0);
  let windowAt = 0;
  let row = { rate: 0, frames: 0 };
  for (let at = 0; at + 7 <= sizeBytes;) {
    if (at + 7 > windowAt + window.length) {
      [window, windowAt] = [await bytesAt(fd, at, WINDOW_BYTES), at];
      if (window.length < 7) break;
    }
    const length = adtsLength(window, at - windowAt);
    const rate = length === null ? undefined : RATES[((window[at - windowAt + 2] ?? 0) >> 2) & 15];
    if (length === null || rate === undefined) {
      row = { rate: 0, frames: 0 };
      at += 1;
      continue;
    }
    row = row.rate === rate ? { rate, frames: row.frames + 1 } : { rate, frames: 1 };
    if (row.frames >= FRAMES_IN_A_ROW) rates.add(rate);
    at += length;
  }
  return [...rates];
}

/** Why a raw AAC file of several rates is not worked on; null where it has one, and for any other format. */
export async function refusedAsMixed(
  { fd, sizeBytes, path }: Pick<Source, 'fd' | 'sizeBytes' | 'path'>,
  format: string,
): Promise<Failure | null> {
  const rates = format === 'aac' ? await adtsRates(fd, sizeBytes) : [];
  if (rates.length < 2) return null;
  const told = rates.map((rate) => `${rate / 1000}`).join(' and ');
  const message =
    `“${basename(path)}” was joined from recordings of ${told} kHz, which a raw AAC file cannot tell its players: ` +
    'it would run at a wrong pitch. Add the recordings one by one, or as M4A.';
  return failure('UNSUPPORTED_MEDIA', message, { subject: 'aac' });
}
