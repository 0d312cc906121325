/**
 * Lowest and highest of many 16-bit samples, eight at a time: an hour of 48 kHz stereo is 346 million samples, for
 * which a plain loop takes as long as ffmpeg takes to decode them. The arithmetic is exact, so that both ways give the
 * same answer; the loop does what is left over by the vectors.
 */

/** Samples of one chunk of PCM, interleaved. */
export interface SampleRun {
  /**
   * Extremes of samples [from, to), `lanes` (1 or 2) of them kept apart by turns.
   * Written to `low` and `high`, which keep what they hold where it is more extreme.
   */
  widen(from: number, to: number, low: Int32Array, high: Int32Array): void;
}

/** What one pipe of the kernel holds, which is the most that one read can give. */
const PAGE_BYTES = 65_536;
/** The kernel's answer: eight lows, then eight highs. Samples begin behind it. */
const ANSWER_BYTES = 32;
/** Below this a call costs more than it saves. */
const WORTH_VECTORS = 2;
const VECTOR = 8;

export interface Extremes {
  /** Takes a copy of the bytes (s16le, an even number of them), valid until the next call. */
  load(bytes: Uint8Array): SampleRun;
}

/** @param lanes channels kept apart by turns: 1 (all samples together) or 2. */
export function createExtremes(lanes: 1 | 2): Extremes {
  const { memory, scan } = instantiate();
  let all = new Int16Array(memory.buffer);
  const first = ANSWER_BYTES / 2;
  const plain = (from: number, to: number, low: Int32Array, high: Int32Array): void => {
    for (let lane = 0; lane < lanes; lane++) {
      let min = low[lane] ?? 0;
      let max = high[lane] ?? 0;
      for (let at = first + from + lane; at < first + to; at += lanes) {
        const sample = all[at] ?? 0;
        if (sample < min) min = sample;
        if (sample > max) max = sample;
      }
      low[lane] = min;
      high[lane] = max;
    }
  };
  const run: SampleRun = {
    widen(from, to, low, high) {
      const vectors = Math.floor((to - from) / VECTOR);
      if (vectors < WORTH_VECTORS) {
        plain(from, to, low, high);
        return;
      }
      const end = from + vectors * VECTOR;
      scan(ANSWER_BYTES + from * 2, ANSWER_BYTES + end * 2);
      for (let i = 0; i < VECTOR; i++) {
        const lane = i % lanes;
        const min = all[i] ?? 0;
        const max = all[i + VECTOR] ?? 0;
        if (min < (low[lane] ?? 0)) low[lane] = min;
        if (max > (high[lane] ?? 0)) high[lane] = max;
      }
      if (end < to) plain(end, to, low, high);
    },
  };
  return {
    load(bytes) {
      const missing = ANSWER_BYTES + bytes.length - memory.buffer.byteLength;
      if (missing > 0) {
        memory.grow(Math.ceil(missing / PAGE_BYTES));
        all = new Int16Array(memory.buffer);
      }
      new Uint8Array(memory.buffer).set(bytes, ANSWER_BYTES);
      return run;
    },
  };
}

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** Extremes of the vectors from address `from` up to `end`, at least one, written to addresses 0 and 16. */
  readonly scan: (from: number, end: number) => void;
}

/** What is used of the global that Node's types leave out and the browser's would bring along with a whole page. */
interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Kernel };
}

function instantiate(): Kernel {
  // Node has it; its declarations are in the library of browsers alone.
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyGlobal };
  return new WebAssembly.Instance(new WebAssembly.Module(KERNEL)).exports;
}

// Locals of the function: 0 from, 1 end, 2 vector, 3 lows, 4 highs.
const GET = 0x20;
const SET = 0x21;
const TEE = 0x22;
const I32_CONST = 0x41;
const LOAD = [0xfd, 0x00, 0x01, 0x00];
const store = (offset: number): number[] => [0xfd, 0x0b, 0x01, offset];
const MIN_S = [0xfd, 0x96, 0x01];
const MAX_S = [0xfd, 0x98, 0x01];

const BODY = [
  ...[1, 3, 0x7b], // one group of locals: three v128
  ...[GET, 0, ...LOAD, TEE, 3, SET, 4],
  ...[0x03, 0x40], // loop
  ...[GET, 0, ...LOAD, TEE, 2, GET, 3, ...MIN_S, SET, 3],
  ...[GET, 2, GET, 4, ...MAX_S, SET, 4],
  ...[GET, 0, I32_CONST, 16, 0x6a, TEE, 0, GET, 1, 0x49, 0x0d, 0, 0x0b], // from += 16; again while from < end
  ...[I32_CONST, 0, GET, 3, ...store(0)],
  ...[I32_CONST, 0, GET, 4, ...store(16)],
  0x0b,
];

const name = (text: string): number[] => [text.length, ...Buffer.from(text)];
const section = (id: number, ...content: number[]): number[] => [id, content.length, ...content];

/** WebAssembly module (core specification 2.0, binary format), written out: a compiler for 70 bytes would be more to keep. */
const KERNEL = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, 1, 0x60, 2, 0x7f, 0x7f, 0), // one type: (i32, i32) → ()
  ...section(3, 1, 0), // one function of it
  ...section(5, 1, 0, 2), // one memory, two pages
  ...section(7, 2, ...name('memory'), 2, 0, ...name('scan'), 0, 0),
  ...section(10, 1, BODY.length, ...BODY),
]);
