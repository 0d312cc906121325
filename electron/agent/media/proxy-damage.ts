import type { Warning } from '../../../shared/wire.ts';

/** What ffmpeg said while it read a source. Words never decide about success; they only tell whose fault a result is. */
export interface Complaints {
  /** Lines at level error or above. */
  readonly errors: number;
  /** Packets that gave nothing, by stream index. */
  readonly lostPackets: Readonly<Record<number, number>>;
  /** The disk or share failed, not the file. */
  readonly storageFailed: boolean;
  readonly diskFull: boolean;
  /** The encoder, a filter or the muxer refused to work. */
  readonly toolRefused: boolean;
}

/** Takes stderr line by line (`-loglevel repeat+level+…`). */
export function createComplaintReader(): { line(text: string): void; complaints(): Complaints } {
  let complaints: Complaints = {
    errors: 0,
    lostPackets: {},
    storageFailed: false,
    diskFull: false,
    toolRefused: false,
  };
  return {
    line: (text) => {
      if (!/\[(error|fatal|panic)\]/.test(text)) return;
      complaints = {
        errors: complaints.errors + 1,
        lostPackets: withLostPacket(complaints.lostPackets, text),
        storageFailed: complaints.storageFailed || /Input\/output error|Stale file handle/.test(text),
        diskFull: complaints.diskFull || /No space left on device/.test(text),
        toolRefused:
          complaints.toolRefused ||
          /Unknown encoder|No such filter|opening encoder|Error parsing|Option .* not found/.test(text),
      };
    },
    complaints: () => complaints,
  };
}

/** `Error while decoding stream #0:1: …` (5.1), `[vist#0:1/h264 @ …] Error submitting packet to decoder: …` (7). */
const LOST_PACKET = /Error while decoding stream #0:(\d+)|ist#0:(\d+)\/\S+ @ .*Error submitting packet to decoder/;

function withLostPacket(lost: Complaints['lostPackets'], text: string): Complaints['lostPackets'] {
  const match = LOST_PACKET.exec(text);
  if (match === null) return lost;
  const stream = Number(match[1] ?? match[2]);
  return { ...lost, [stream]: (lost[stream] ?? 0) + 1 };
}

/** The warning for damage that still gave a whole proxy; undefined for a clean source. */
export function damageWarning(complaints: Complaints): Warning | undefined {
  if (complaints.errors === 0) return undefined;
  const times = complaints.errors === 1 ? 'once' : `${complaints.errors} times`;
  return {
    code: 'SOURCE_DAMAGED',
    message: `The source is damaged: decoding complained ${times}; the proxy may show or sound it there.`,
    count: complaints.errors,
  };
}
