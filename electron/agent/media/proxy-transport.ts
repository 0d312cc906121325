import { read } from 'node:fs';
import { inputArgs } from './input.ts';

/** ISO 13818-1: every packet begins with this byte. */
const SYNC = 0x47;
/** A transport packet, and one with the four bytes of time that cameras and Blu-ray put before it (AVCHD, BDAV). */
const LAYOUTS = [
  { bytes: 188, syncAt: 0 },
  { bytes: 192, syncAt: 4 },
] as const;

/**
 * True where a transport stream ends in the middle of a packet. Such streams declare no length, but whoever writes
 * them writes whole packets: a rest means that a copy stopped. Files that begin in the middle of a packet answer false.
 */
export async function endsInsidePacket(fd: number, sizeBytes: number): Promise<boolean> {
  const head = await headOf(fd);
  const layout = LAYOUTS.find(({ bytes, syncAt }) =>
    [0, 1, 2, 3].every((packet) => head[packet * bytes + syncAt] === SYNC),
  );
  return layout !== undefined && sizeBytes % layout.bytes !== 0;
}

function headOf(fd: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    read(fd, Buffer.alloc(1024), 0, 1024, 0, (error, bytesRead, buffer) => {
      if (error === null) resolve(buffer.subarray(0, bytesRead));
      else reject(error);
    });
  });
}

/**
 * ffprobe arguments that list the packets of the last GOP and decode them, refusing damaged pictures: `packet,pts` and
 * `frame,pts` lines on stdout.
 * @param from seconds on the source's own clock, at or before its last key frame
 */
export function endArgs(input: string, streamIndex: number, from: number): string[] {
  const what = ['-hide_banner', '-loglevel', 'repeat+level+error', '-select_streams', String(streamIndex)];
  const form = ['-of', 'csv', '-show_entries', 'packet=pts:frame=pts', '-read_intervals', `${from.toFixed(6)}%`];
  const before = ['-err_detect', 'explode', '-threads', '1'];
  return [...what, ...form, ...inputArgs(input, { tool: 'ffprobe', before })];
}

/**
 * True where the very last picture of a stream does not decode: the file ends inside it. A stream that was cut exactly
 * between two pictures cannot be told from a recording that was stopped there.
 */
export function endsInsidePicture(listing: string): boolean {
  const times = (kind: string): string[] =>
    [...listing.matchAll(new RegExp(`^${kind},(-?\\d+)`, 'gm'))].map((match) => match[1] ?? '');
  const last = times('packet').at(-1);
  const decoded = times('frame');
  return last !== undefined && decoded.length > 0 && !decoded.includes(last);
}
