import { bytesAt } from './bytes-at.ts';
import { ignoringLength } from './input.ts';
import type { Probe } from './probe.ts';

/** WAV, RF64 and BW64 whose header tells a wrong length: recorders write it last, and some never get to it. */

interface WavSound {
  /** Where the samples begin. */
  readonly at: number;
  /** How many bytes of them the header tells of. */
  readonly told: number;
  readonly bytesPerSecond: number;
  /** ffmpeg takes the length of a RIFF that says 0 or all ones for unknown, that of the 64-bit forms for none at all. */
  readonly is64Bit: boolean;
}

/** A maker's block behind the samples is shorter, and a recorder that lost power tells of seconds or minutes less. */
const LEAST_SECONDS = 0.5;

/**
 * The probe of a WAV in which sound goes on behind the told length, with the length of what is there, a warning where
 * another one was told, and how tools have to open it (`Probe.input`); any other probe as it is.
 */
export async function withUntoldSound(
  source: { readonly fd: number; readonly sizeBytes: number; readonly input: string },
  probe: Probe,
): Promise<Probe> {
  if (probe.format.name !== 'wav') return probe;
  const sound = await soundOf(source.fd);
  if (sound === null || !(await goesOn(source.fd, source.sizeBytes, sound))) return probe;
  const duration = (source.sizeBytes - sound.at) / sound.bytesPerSecond;
  const told = (sound.told / sound.bytesPerSecond).toFixed(1);
  const message = `The file’s header tells of ${told} s, but ${duration.toFixed(1)} s of sound are there, and all of it was taken. The recorder did not finish the file, or it is too long for its kind.`;
  return {
    ...probe,
    format: { ...probe.format, duration },
    streams: probe.streams.map((stream) => ({ ...stream, duration })),
    warnings: [...(probe.warnings ?? []), ...(sound.told === 0 ? [] : [{ code: 'LENGTH_NOT_TOLD', message }])],
    input: ignoringLength(source.input),
  };
}

/** A context whose source is opened as its probe says. */
export function openedAsItPlays<T extends { readonly source: { readonly input: string } }>(
  context: T,
  probe: Probe,
): T {
  return probe.input === undefined ? context : { ...context, source: { ...context.source, input: probe.input } };
}

const MAX_CHUNKS = 1000;

/** EBU Tech 3306 and BS.2088: the lengths that 32 bits cannot hold are in `ds64`, the first chunk. */
async function soundOf(fd: number): Promise<WavSound | null> {
  const form = (await bytesAt(fd, 0, 12)).toString('latin1');
  const is64Bit = /^(?:RF64|BW64).{4}WAVE$/s.test(form);
  if (!is64Bit && !/^RIFF.{4}WAVE$/s.test(form)) return null;
  let [longLength, bytesPerSecond] = [0, 0];
  let at = 12;
  for (let chunks = 0; chunks < MAX_CHUNKS; chunks++) {
    const chunk = await bytesAt(fd, at, 24);
    if (chunk.length < 8) return null;
    const [type, length] = [chunk.toString('latin1', 0, 4), chunk.readUInt32LE(4)];
    if (type === 'ds64' && chunk.length === 24) longLength = Number(chunk.readBigUInt64LE(16));
    if (type === 'fmt ' && chunk.length >= 20) bytesPerSecond = chunk.readUInt32LE(16);
    if (type === 'data') {
      const told = is64Bit ? longLength : length;
      return bytesPerSecond === 0 ? null : { at: at + 8, told, bytesPerSecond, is64Bit };
    }
    at += 8 + length + (length & 1);
  }
  return null;
}

async function goesOn(fd: number, sizeBytes: number, sound: WavSound): Promise<boolean> {
  if (!sound.is64Bit && (sound.told === 0 || sound.told === 0xffff_ffff)) return false;
  const end = sound.at + sound.told;
  if (sound.told === 0) return sizeBytes > end;
  const isChunk = (head: Buffer): boolean => isNamed(head) && head.readUInt32LE(4) <= sizeBytes - end;
  return isSoundBehind(fd, sizeBytes, { ...sound, end, chunkAt: end + (sound.told & 1), isChunk });
}

/** The end of sound as a header tells it, and what a further chunk of that format looks like there. */
interface ToldEnd {
  readonly end: number;
  readonly bytesPerSecond: number;
  readonly chunkAt: number;
  /** @param head the first bytes at `chunkAt`: 16, or fewer at the end of the file, at least 8 */
  readonly isChunk: (head: Buffer) => boolean;
}

/** Four printable characters, with which a chunk of RIFF and IFF begins. */
export const isNamed = (head: Buffer): boolean => /^[ -~]{4}/.test(head.toString('latin1'));

/** Whether what lies behind the told length is sound: neither chunks, nor a tag, nor zeros, nor a maker's few bytes. */
export async function isSoundBehind(fd: number, sizeBytes: number, told: ToldEnd): Promise<boolean> {
  const rest = sizeBytes - told.end;
  if (rest < LEAST_SECONDS * told.bytesPerSecond) return false;
  const head = await bytesAt(fd, told.chunkAt, 16);
  if (head.length < 8 || /^(?:TAG|ID3|APETAG|<\?xp)/.test(head.toString('latin1'))) return false;
  return !told.isChunk(head) && !(await isSilent(fd, told.end, rest));
}

const LOOK_BYTES = 1 << 16;

/** Zeros, in four places: a card's room that was reserved and never written, or nothing to hear anyway. */
async function isSilent(fd: number, from: number, length: number): Promise<boolean> {
  for (const share of [0, 0.25, 0.5, 0.75]) {
    const bytes = await bytesAt(fd, from + Math.floor(length * share), Math.min(LOOK_BYTES, length));
    if (bytes.some((byte) => byte !== 0)) return false;
  }
  return true;
}
