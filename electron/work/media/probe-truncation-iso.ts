import { bytesAt } from './bytes-at.ts';
import { boxAt, boxesIn, type Box } from './iso-boxes.ts';

/** The same as `missingBytes` for MP4 and QuickTime. */

/** What a movie file can begin with. */
export const ISO_FIRST_BOXES: ReadonlySet<string> = new Set('ftyp moov mdat free skip wide pnot styp'.split(' '));

/**
 * What the standards put at the top of a file. Whatever else follows the last whole box (a maker's block, XMP, a tag of
 * a music player, padding) has no length that could be missing, although its first bytes can be read as one.
 */
const KNOWN: ReadonlySet<string> = new Set([
  ...ISO_FIRST_BOXES,
  ...'moof mfra sidx ssix uuid meta udta pdin emsg prft PICT'.split(' '),
]);

/** A known box or a sample that the index tells of lies behind the end. */
export async function missingFromBoxes(fd: number, sizeBytes: number): Promise<number> {
  const { index, cut, lastPiece, hasPromise } = await survey(fd, sizeBytes);
  if (cut !== undefined && !(lastPiece === 'torn' && !hasPromise)) return cut.end - sizeBytes;
  return index === undefined ? 0 : Math.max(0, (await samplesEnd(fd, index)) - sizeBytes);
}

/**
 * Whether a recording in pieces (fragments) ends within one of them and nothing in it tells how long it should be: that
 * is how it looks after a crash, for which it was written in pieces. What comes before is whole.
 */
export async function isBrokenOff(fd: number, sizeBytes: number): Promise<boolean> {
  const { lastPiece, hasPromise } = await survey(fd, sizeBytes);
  return lastPiece === 'torn' && !hasPromise;
}

interface Survey {
  readonly index?: Box;
  /** The known box that ends behind the end of the file. */
  readonly cut?: Box;
  /** `none`: not a recording in pieces, or the first piece is not whole. */
  readonly lastPiece: 'none' | 'whole' | 'torn';
  /** The length of the whole recording is told, by its index or a table of its pieces. */
  readonly hasPromise: boolean;
}

async function survey(fd: number, sizeBytes: number): Promise<Survey> {
  let index: Box | undefined;
  let cut: Box | undefined;
  let [wholePieces, isOpen, hasPromise] = [0, false, false];
  for await (const box of boxesIn(fd, 0, sizeBytes)) {
    if (box.end > sizeBytes) {
      if (KNOWN.has(box.type)) cut = box;
      break;
    }
    if (box.type === 'moov') index ??= box;
    if (box.type === 'mdat') wholePieces++;
    if (box.type === 'moof' || box.type === 'mdat') isOpen = box.type === 'moof';
    hasPromise ||= box.type === 'sidx';
  }
  const pieces = index === undefined ? null : await boxAt(fd, index, 'mvex');
  const told = { ...(index === undefined ? {} : { index }), ...(cut === undefined ? {} : { cut }) };
  if (pieces === null || wholePieces === 0) return { ...told, lastPiece: 'none', hasPromise };
  const isTorn = isOpen || cut?.type === 'moof' || cut?.type === 'mdat';
  hasPromise ||= (await boxAt(fd, pieces, 'mehd')) !== null;
  return { ...told, lastPiece: isTorn ? 'torn' : 'whole', hasPromise };
}

/** Where the last sample ends at least, of all tracks whose samples lie in this file. */
async function samplesEnd(fd: number, index: Box): Promise<number> {
  let end = 0;
  for await (const track of boxesIn(fd, index.body, index.end)) {
    if (track.type !== 'trak') continue;
    const media = await boxAt(fd, track, 'mdia', 'minf');
    if (media === null || (await liesElsewhere(fd, media))) continue;
    const tables = await boxAt(fd, media, 'stbl');
    if (tables !== null) end = Math.max(end, await lastChunkEnd(fd, tables));
  }
  return end;
}

/** A reference movie: its samples are in another file. The lowest flag of a data reference says: in this one. */
async function liesElsewhere(fd: number, media: Box): Promise<boolean> {
  const references = await boxAt(fd, media, 'dinf', 'dref');
  if (references === null) return false;
  for await (const { body } of boxesIn(fd, references.body + 8, references.end)) {
    const flags = await bytesAt(fd, body, 4);
    if (flags.length === 4 && (flags.readUInt32BE(0) & 1) === 0) return true;
  }
  return false;
}

/** At most so much of a table is held at once. */
const PIECE_BYTES = 1 << 16;

async function lastChunkEnd(fd: number, tables: Box): Promise<number> {
  const short = await boxAt(fd, tables, 'stco');
  const table = short ?? (await boxAt(fd, tables, 'co64'));
  if (table === null) return 0;
  const width = short === null ? 8 : 4;
  const count = Math.min(await countAt(fd, table.body + 4), Math.floor((table.end - table.body - 8) / width));
  let [last, lastChunk] = [-1, 0];
  const perPiece = PIECE_BYTES / width;
  for (let from = 0; from < count; from += perPiece) {
    const piece = await bytesAt(fd, table.body + 8 + from * width, Math.min(perPiece, count - from) * width);
    for (let at = 0; at + width <= piece.length; at += width) {
      const offset = width === 4 ? piece.readUInt32BE(at) : Number(piece.readBigUInt64BE(at));
      if (offset > last) [last, lastChunk] = [offset, from + at / width + 1];
    }
    if (piece.length === 0) break;
  }
  if (last < 0) return 0;
  return last + (lastChunk === count ? Math.max(1, await lastChunkBytes(fd, tables, count)) : 1);
}

/** Bytes of the last chunk; 0 where samples have one size for all, which QuickTime does not always mean in bytes. */
async function lastChunkBytes(fd: number, tables: Box, chunks: number): Promise<number> {
  const [runs, sizes] = [await boxAt(fd, tables, 'stsc'), await boxAt(fd, tables, 'stsz')];
  if (runs === null || sizes === null || (await countAt(fd, sizes.body + 4)) !== 0) return 0;
  const run = await bytesAt(fd, runs.body + 8 + ((await countAt(fd, runs.body + 4)) - 1) * 12, 8);
  if (run.length < 8 || run.readUInt32BE(0) > chunks) return 0;
  const samples = await countAt(fd, sizes.body + 8);
  const inChunk = Math.min(run.readUInt32BE(4), samples, PIECE_BYTES / 4);
  const piece = await bytesAt(fd, sizes.body + 12 + (samples - inChunk) * 4, inChunk * 4);
  let bytes = 0;
  for (let at = 0; at + 4 <= piece.length; at += 4) bytes += piece.readUInt32BE(at);
  return bytes;
}

/** A number of 32 bits; 0 behind the end of the file. */
async function countAt(fd: number, position: number): Promise<number> {
  const bytes = await bytesAt(fd, position, 4);
  return bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
}
