import type { Warning } from '../../../shared/facts.ts';

/** What ffmpeg said while it read a source. Words never decide about success; they only tell whose fault a result is. */
export interface DecodeErrors {
  /** Lines at level error or above. */
  readonly errors: number;
  /** How far the encoder had come at the first and at the last of them, in ms; absent before it told anything. */
  readonly between?: { readonly firstMs: number; readonly lastMs: number };
  /** Packets that gave nothing, by stream index. */
  readonly lostPackets: Readonly<Record<number, number>>;
  /** The disk or share failed, not the file. */
  readonly storageFailed: boolean;
  readonly diskFull: boolean;
  /** The encoder, a filter or the muxer refused to work. */
  readonly toolRefused: boolean;
}

/** A line at level error or above; a decoder that is not asked for and not on the list (input.ts) is no damage. */
export function isDecodeError(line: string): boolean {
  return /\[(error|fatal|panic)\]/.test(line) && !line.includes(' not on whitelist ');
}

/**
 * Takes stderr line by line (`-loglevel repeat+level+…`).
 * @param atMs how far the encoder has come, in ms of the proxy
 */
export function createDecodeErrorReader(atMs: () => number | undefined = () => undefined): {
  line(text: string): void;
  decodeErrors(): DecodeErrors;
} {
  let decodeErrors: DecodeErrors = {
    errors: 0,
    lostPackets: {},
    storageFailed: false,
    diskFull: false,
    toolRefused: false,
  };
  return {
    line: (text) => {
      if (!isDecodeError(text)) return;
      const at = atMs();
      const firstMs = decodeErrors.between?.firstMs ?? at;
      decodeErrors = {
        errors: decodeErrors.errors + 1,
        ...(firstMs === undefined ? {} : { between: { firstMs, lastMs: at ?? firstMs } }),
        lostPackets: withLostPacket(decodeErrors.lostPackets, text),
        storageFailed: decodeErrors.storageFailed || /Input\/output error|Stale file handle/.test(text),
        diskFull: decodeErrors.diskFull || /No space left on device/.test(text),
        toolRefused:
          decodeErrors.toolRefused ||
          /Unknown encoder|No such filter|opening encoder|Error parsing|Option .* not found/.test(text),
      };
    },
    decodeErrors: () => decodeErrors,
  };
}

/** `Error while decoding stream #0:1: …` (5.1), `[vist#0:1/h264 @ …] Error submitting packet to decoder: …` (7). */
const LOST_PACKET = /Error while decoding stream #0:(\d+)|ist#0:(\d+)\/\S+ @ .*Error submitting packet to decoder/;

function withLostPacket(lost: DecodeErrors['lostPackets'], text: string): DecodeErrors['lostPackets'] {
  const match = LOST_PACKET.exec(text);
  if (match === null) return lost;
  const stream = Number(match[1] ?? match[2]);
  return { ...lost, [stream]: (lost[stream] ?? 0) + 1 };
}

/** The warning for damage that still gave a whole proxy; undefined for a clean source. */
export function damageWarning({ errors, between }: DecodeErrors): Warning | undefined {
  if (errors === 0) return undefined;
  const places = errors === 1 ? 'in one place' : `in ${errors} places`;
  const message = `The source is damaged ${places}${where(between)}: picture or sound may be disturbed there.`;
  return { code: 'SOURCE_DAMAGED', message, count: errors };
}

/** Encoders look ahead, and tell how far they are twice a second: to a second or two. */
function where(between: DecodeErrors['between']): string {
  if (between === undefined) return '';
  const [first, last] = [clock(between.firstMs), clock(between.lastMs)];
  return first === last ? `, at about ${first}` : `, between about ${first} and ${last}`;
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours === 0 ? `${minutes}:${two(seconds % 60)}` : `${hours}:${two(minutes)}:${two(seconds % 60)}`;
}
