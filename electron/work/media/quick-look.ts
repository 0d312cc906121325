import { bytesAt } from './bytes-at.ts';
import { missingBytes } from './probe-truncation.ts';

/** What streams a recording has, as far as its header says so without a doubt. */
type QuickLook = { readonly picture: boolean; readonly sound: boolean } | 'cut-short';

/**
 * Looks into the header of what cards and recorders write most (MP4 and QuickTime, WAV, AIFF, FLAC), a few bytes at a
 * time and without a child process: of thousands of files a tool for each would take minutes. Null: ask ffprobe.
 */
export async function quickLook(fd: number, sizeBytes: number): Promise<QuickLook | null> {
  const read = windowOf(fd);
  const head = await read(0, 12);
  if (head.length < 12) return null;
  const holds = await streamsOf(read, sizeBytes, head);
  if (holds === null) return null;
  return (await missingBytes(fd, sizeBytes)) > 0 ? 'cut-short' : holds;
}

async function streamsOf(read: Reader, sizeBytes: number, head: Buffer): Promise<QuickLook | null> {
  const first = head.toString('latin1', 0, 4);
  const second = head.toString('latin1', 4, 8);
  const third = head.toString('latin1', 8, 12);
  if (FIRST_BOXES.has(second)) return streamsOfMovie({ read, end: sizeBytes });
  if (WAVES.has(first) && third === 'WAVE') return (await hasFormatChunk(read, sizeBytes)) ? SOUND : null;
  if (first === 'FORM' && (third === 'AIFF' || third === 'AIFC')) return SOUND;
  return first === 'fLaC' ? SOUND : null;
}

const SOUND = { picture: false, sound: true } as const;
const WAVES: ReadonlySet<string> = new Set(['RIFF', 'RF64', 'BW64']);
const FIRST_BOXES: ReadonlySet<string> = new Set(['ftyp', 'moov', 'mdat', 'free', 'skip', 'wide']);
/** Of one level; a forged file must not keep us here. */
const MAX_BOXES = 500;
/** Also what chapter pictures and cover art are coded as: whether they are a picture is for ffprobe to say. */
const STILLS: ReadonlySet<string> = new Set(['jpeg', 'png ', 'mjpa', 'mjpb', 'tiff']);

type Reader = (position: number, length: number) => Promise<Buffer>;

/** Boxes lie close together: most of what is wanted next was read with what was wanted before. */
const WINDOW_BYTES = 16 << 10;

function windowOf(fd: number): Reader {
  let held: Buffer = Buffer.alloc(0);
  let heldAt = 0;
  return async (position, length) => {
    if (position < heldAt || position + length > heldAt + held.length) {
      held = await bytesAt(fd, position, WINDOW_BYTES);
      heldAt = position;
    }
    return held.subarray(position - heldAt, position - heldAt + length);
  };
}

interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

interface Span {
  readonly read: Reader;
  readonly start?: number;
  readonly end: number;
}

/** ISO 14496-12: a handler of each track says what it is; null where any is not understood. */
async function streamsOfMovie(file: Span): Promise<{ readonly picture: boolean; readonly sound: boolean } | null> {
  const { read } = file;
  const movie = await find(file, 'moov');
  if (movie === null) return null;
  let [picture, sound] = [false, false];
  for (const track of await boxes({ read, ...movie })) {
    if (track.type === 'cmov') return null;
    if (track.type !== 'trak') continue;
    const media = await find({ read, ...track }, 'mdia');
    const handler = media === null ? null : await find({ read, ...media }, 'hdlr');
    if (media === null || handler === null) return null;
    const kind = (await read(handler.start + 8, 4)).toString('latin1');
    if (kind === 'soun') sound = true;
    if (kind !== 'vide') continue;
    const coding = await codingOf(read, media);
    if (coding === null || STILLS.has(coding)) return null;
    picture = true;
  }
  return picture || sound ? { picture, sound } : null;
}

/** The first sample description's four characters. */
async function codingOf(read: Reader, media: Box): Promise<string | null> {
  let inside: Box = media;
  for (const type of ['minf', 'stbl', 'stsd']) {
    const next = await find({ read, ...inside }, type);
    if (next === null) return null;
    inside = next;
  }
  const entry = await read(inside.start + 12, 4);
  return entry.length === 4 ? entry.toString('latin1') : null;
}

async function find(span: Span, type: string): Promise<Box | null> {
  return (await boxes(span)).find((box) => box.type === type) ?? null;
}

/** The boxes of one level, `start` behind their heads. Ends at the first that makes no sense. */
async function boxes({ read, start = 0, end }: Span): Promise<Box[]> {
  const found: Box[] = [];
  for (let at = start; found.length < MAX_BOXES && at + 8 <= end;) {
    const head = await read(at, 16);
    if (head.length < 8) break;
    const short = head.readUInt32BE(0);
    const isLong = short === 1 && head.length === 16;
    const size = isLong ? Number(head.readBigUInt64BE(8)) : short === 0 ? end - at : short;
    if (size < (isLong ? 16 : 8)) break;
    // A file may be cut short; a box that is larger than the one around it makes no sense.
    if (at + size > end && start > 0) return [];
    const boxEnd = Math.min(at + size, end);
    found.push({ type: head.toString('latin1', 4, 8), start: at + (isLong ? 16 : 8), end: boxEnd });
    at += size;
  }
  return found;
}

/** RIFF chunks have an even length. */
async function hasFormatChunk(read: Reader, sizeBytes: number): Promise<boolean> {
  let at = 12;
  for (let chunks = 0; chunks < 32 && at + 8 <= sizeBytes; chunks++) {
    const head = await read(at, 8);
    if (head.length < 8) return false;
    if (head.toString('latin1', 0, 4) === 'fmt ') return true;
    const length = head.readUInt32LE(4);
    at += 8 + length + (length % 2);
  }
  return false;
}
