import { bytesAt } from './bytes-at.ts';
import { ebmlLength } from './ebml-length.ts';

/** Matroska and WebM elements (RFC 9559) on the way from the file to a track's encryption. */
const SEGMENT = 0x18538067;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const CONTENT_ENCODINGS = 0x6d80;
const CONTENT_ENCODING = 0x6240;
const CONTENT_ENCRYPTION = 0x5035;

/** What comes before the tracks: lists of places, chapters, tags. A forged file must not keep us here. */
const MAX_ELEMENTS = 1000;
/** A track's words are short; its decoder's setup and the rest of a normal list fit well. */
const MAX_TRACKS_BYTES = 1 << 20;

/** Whether a track's samples are encrypted (WebM's encryption for the web, Matroska's own). */
export async function isMatroskaEncrypted(fd: number): Promise<boolean> {
  let at = 0;
  for (let elements = 0; elements < MAX_ELEMENTS; elements++) {
    const element = elementAt(await bytesAt(fd, at, 12), 0);
    if (element === null) return false;
    const body = at + element.head;
    if (element.id === TRACKS) {
      const tracks = await bytesAt(fd, body, Math.min(element.length ?? 0, MAX_TRACKS_BYTES));
      return hasPath(tracks, [TRACK_ENTRY, CONTENT_ENCODINGS, CONTENT_ENCODING, CONTENT_ENCRYPTION]);
    }
    // Into the segment, over everything else.
    if (element.id !== SEGMENT && element.length === null) return false;
    at = element.id === SEGMENT ? body : body + (element.length ?? 0);
  }
  return false;
}

function hasPath(bytes: Buffer, [id, ...rest]: readonly number[]): boolean {
  for (let at = 0; at < bytes.length;) {
    const element = elementAt(bytes, at);
    if (element === null || element.length === null) return false;
    const body = at + element.head;
    const inside = bytes.subarray(body, body + element.length);
    if (element.id === id && (rest.length === 0 || hasPath(inside, rest))) return true;
    at = body + element.length;
  }
  return false;
}

interface Element {
  readonly id: number;
  /** Bytes of its name and length. */
  readonly head: number;
  /** null: unknown, up to the end. */
  readonly length: number | null;
}

function elementAt(bytes: Buffer, at: number): Element | null {
  const width = Math.clz32(bytes[at] ?? 0) - 23;
  if (width < 1 || width > 4 || at + width >= bytes.length) return null;
  const id = bytes.readUIntBE(at, width);
  const rest = bytes.subarray(at + width, at + width + 8);
  const length = ebmlLength(rest);
  return { id, head: width + (length?.width ?? 8), length: length?.length ?? null };
}
