import { basename } from 'node:path';
import { failure, type Failure } from '../../../shared/failure.ts';
import { bytesAt } from './bytes-at.ts';
import type { Probe } from './probe.ts';
import { isNamed, isSoundBehind } from './wav-length.ts';

/** AIFF and W64 whose header tells less sound than is there. No tool here reads beyond what those tell, as it can of a WAV. */

interface OpenFile {
  readonly path: string;
  readonly fd: number;
  readonly sizeBytes: number;
}

/** The failure of a file that tools would read in part and call whole; null for all others. */
export async function refusedAsUntold({ path, fd, sizeBytes }: OpenFile, probe: Probe): Promise<Failure | null> {
  const format = FORMATS[probe.format.name];
  const bytesPerSecond = uncompressedRate(probe);
  if (format === undefined || bytesPerSecond === undefined) return null;
  const sound = await soundChunk(fd, format);
  if (sound === null) return null;
  const { begin, end, chunkAt } = sound;
  const isChunk = (head: Buffer): boolean => format.isChunk(head, sizeBytes - chunkAt);
  if (!(await isSoundBehind(fd, sizeBytes, { end, chunkAt, isChunk, bytesPerSecond }))) return null;
  const [known, all] = [end - begin, sizeBytes - begin].map((bytes) => (bytes / bytesPerSecond).toFixed(1));
  const why = `its header tells of ${known} s, but ${all} s of sound are there, because the recorder did not finish it`;
  const advice = 'open it in an audio program and save it as WAV first';
  return failure('SOURCE_UNREADABLE', `“${basename(path)}” cannot be read whole: ${why}; ${advice}.`);
}

/** Bytes a second where each of them is a sample's; undefined for compressed sound, whose length no size tells. */
function uncompressedRate({ streams }: Probe): number | undefined {
  const stream = streams.find(({ type }) => type === 'audio');
  if (stream?.type !== 'audio' || stream.codec?.startsWith('pcm_') !== true) return undefined;
  const rate = (stream.sampleRate * stream.channels * (stream.bitsPerSample ?? 0)) / 8;
  return rate > 0 ? rate : undefined;
}

/** How a format strings its chunks together. Sizes and places in bytes. */
interface ChunkFormat {
  readonly firstAt: number;
  /** Name and length of a chunk. */
  readonly headBytes: number;
  /** Of the whole chunk, its head included. */
  lengthOf(head: Buffer): number;
  readonly padding: number;
  readonly soundName: string;
  /** Where in its chunk the sound begins. */
  readonly soundAt: number;
  /** Whether a further chunk begins with `head`; `rest`: what is left of the file from there on. */
  isChunk(head: Buffer, rest: number): boolean;
}

/** With which each name of a chunk of Wave64 ends. */
const W64_NAME_END = '\x00\xc0\x4f\x8e\xdb\x8a';

/** By ffprobe's name. */
const FORMATS: Readonly<Record<string, ChunkFormat>> = {
  /** Audio Interchange File Format 1.3: big-endian, padded to two bytes; samples begin 8 bytes into "SSND". */
  aiff: {
    ...{ firstAt: 12, headBytes: 8, padding: 2, soundName: 'SSND', soundAt: 16 },
    lengthOf: (head) => 8 + head.readUInt32BE(4),
    isChunk: (head, rest) => isNamed(head) && head.readUInt32BE(4) <= rest,
  },
  /** Sony Wave64: each chunk is a GUID, a length of 64 bits that counts both, and its content, padded to eight bytes. */
  w64: {
    ...{ firstAt: 40, headBytes: 24, padding: 8, soundAt: 24 },
    soundName: `data\xf3\xac\xd3\x11\x8c\xd1${W64_NAME_END}`,
    lengthOf: (head) => Number(head.readBigUInt64LE(16)),
    isChunk: (head) => head.toString('latin1', 10, 16) === W64_NAME_END,
  },
};

const MAX_CHUNKS = 1000;

/** Where the sound begins, where it ends by its chunk's length, and where the next chunk would be; null: no such chunk. */
async function soundChunk(
  fd: number,
  { firstAt, headBytes, soundName, soundAt, ...format }: ChunkFormat,
): Promise<{ readonly begin: number; readonly end: number; readonly chunkAt: number } | null> {
  let at = firstAt;
  for (let chunks = 0; chunks < MAX_CHUNKS; chunks += 1) {
    const head = await bytesAt(fd, at, headBytes);
    if (head.length < headBytes) return null;
    const length = format.lengthOf(head);
    if (length < headBytes) return null;
    const chunkAt = Math.ceil((at + length) / format.padding) * format.padding;
    if (head.toString('latin1', 0, soundName.length) === soundName) {
      return { begin: at + soundAt, end: at + length, chunkAt };
    }
    at = chunkAt;
  }
  return null;
}
