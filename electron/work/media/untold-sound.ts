import { basename } from 'node:path';
import { failure, type Failure } from '../../../shared/failure.ts';
import { bytesAt } from './bytes-at.ts';
import type { Probe } from './probe.ts';
import { isNamed, isSoundBehind, type ToldEnd } from './wav-length.ts';

/** AIFF and W64 whose header tells less sound than is there. No tool here reads beyond what those tell, as it can of a WAV. */

interface OpenFile {
  readonly path: string;
  readonly fd: number;
  readonly sizeBytes: number;
}

/** The failure of a file that tools would read in part and call whole; null for all others. */
export async function refusedAsUntold({ path, fd, sizeBytes }: OpenFile, probe: Probe): Promise<Failure | null> {
  const find = TOLD_ENDS[probe.format.name];
  const bytesPerSecond = uncompressedRate(probe);
  if (find === undefined || bytesPerSecond === undefined) return null;
  const found = await find(fd, sizeBytes);
  if (found === null) return null;
  const { begin, ...told } = found;
  if (!(await isSoundBehind(fd, sizeBytes, { ...told, bytesPerSecond }))) return null;
  const [known, all] = [told.end - begin, sizeBytes - begin].map((bytes) => (bytes / bytesPerSecond).toFixed(1));
  const why = `its header tells of ${known} s, but ${all} s of sound are there, because the recorder did not finish it`;
  const advice = 'open it in an audio program and save it as WAV first';
  return failure('SOURCE_UNREADABLE', `“${basename(path)}” cannot be read whole: ${why}; ${advice}.`);
}

/** Bytes a second where each of them is a sample's; undefined for compressed sound, whose length no size tells. */
function uncompressedRate({ streams }: Probe): number | undefined {
  const [stream] = streams.filter(({ type }) => type === 'audio');
  if (stream?.type !== 'audio' || stream.codec?.startsWith('pcm_') !== true) return undefined;
  const rate = (stream.sampleRate * stream.channels * (stream.bitsPerSample ?? 0)) / 8;
  return rate > 0 ? rate : undefined;
}

type Found = Omit<ToldEnd, 'bytesPerSecond'> & { readonly begin: number };

const TOLD_ENDS: Readonly<Record<string, (fd: number, sizeBytes: number) => Promise<Found | null>>> = {
  aiff: inAiff,
  w64: inW64,
};

const MAX_CHUNKS = 1000;

/** Audio Interchange File Format 1.3: big-endian chunks, each padded to two bytes; samples begin 8 bytes into "SSND". */
async function inAiff(fd: number, sizeBytes: number): Promise<Found | null> {
  let at = 12;
  for (let chunks = 0; chunks < MAX_CHUNKS; chunks += 1) {
    const chunk = await bytesAt(fd, at, 8);
    if (chunk.length < 8) return null;
    const length = chunk.readUInt32BE(4);
    const end = at + 8 + length;
    const next = end + (length & 1);
    if (chunk.toString('latin1', 0, 4) === 'SSND') {
      const isChunk = (head: Buffer): boolean => isNamed(head) && head.readUInt32BE(4) <= sizeBytes - next;
      return { begin: at + 16, end, chunkAt: next, isChunk };
    }
    at = next;
  }
  return null;
}

const GUID_BYTES = 16;
const LENGTH_BYTES = 8;
const W64_DATA = 'data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a';
/** With which each name of a chunk ends. */
const W64_NAME_END = '\x00\xc0\x4f\x8e\xdb\x8a';

/** Sony Wave64: each chunk is a GUID, a length of 64 bits that counts both, and its content, padded to eight bytes. */
async function inW64(fd: number): Promise<Found | null> {
  let at = GUID_BYTES + LENGTH_BYTES + GUID_BYTES;
  for (let chunks = 0; chunks < MAX_CHUNKS; chunks += 1) {
    const chunk = await bytesAt(fd, at, GUID_BYTES + LENGTH_BYTES);
    if (chunk.length < GUID_BYTES + LENGTH_BYTES) return null;
    const length = Number(chunk.readBigUInt64LE(GUID_BYTES));
    if (length < GUID_BYTES + LENGTH_BYTES) return null;
    const end = at + length;
    const next = Math.ceil(end / 8) * 8;
    if (chunk.toString('latin1', 0, GUID_BYTES) === W64_DATA) {
      const isChunk = (head: Buffer): boolean => head.toString('latin1', 10, GUID_BYTES) === W64_NAME_END;
      return { begin: at + GUID_BYTES + LENGTH_BYTES, end, chunkAt: next, isChunk };
    }
    at = next;
  }
  return null;
}
