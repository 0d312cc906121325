import { open, type FileHandle } from 'node:fs/promises';
import { BYTES_PER_SAMPLE, cutWindow, isDigitalSilence, SAMPLE_RATE, WINDOW_SAMPLES } from './windows.ts';

export interface PcmWindow {
  /** In samples from the start of the file. */
  readonly offset: number;
  readonly samples: Int16Array<ArrayBuffer>;
  /** So many samples of its start were also in the window before; 0 after a pause. */
  readonly overlap: number;
  /** Digital silence, or too short for the engine. */
  readonly silent: boolean;
  /** Of the whole file, in samples. */
  readonly total: number;
}

/** Shorter pieces the engine leaves undone with a warning of its own. */
const SHORTEST_SAMPLES = SAMPLE_RATE / 10;

/** The windows of a raw s16le mono file at 16 kHz, in order; one is in memory at a time. */
export async function* readWindows(path: string): AsyncGenerator<PcmWindow> {
  const file = await open(path, 'r');
  try {
    const total = Math.floor((await file.stat()).size / BYTES_PER_SAMPLE);
    let overlap = 0;
    for (let offset = 0; offset < total;) {
      const read = await readSamples(file, offset, Math.min(WINDOW_SAMPLES, total - offset));
      const cut = offset + read.length < total ? cutWindow(read) : { at: read.length, overlap: 0 };
      const samples = cut.at === read.length ? read : read.slice(0, cut.at);
      const silent = samples.length < SHORTEST_SAMPLES || isDigitalSilence(samples);
      yield { offset, samples, overlap, silent, total };
      offset += cut.at - cut.overlap;
      overlap = cut.overlap;
    }
  } finally {
    await file.close();
  }
}

async function readSamples(file: FileHandle, offset: number, count: number): Promise<Int16Array<ArrayBuffer>> {
  const samples = new Int16Array(count);
  const { bytesRead } = await file.read(samples, 0, count * BYTES_PER_SAMPLE, offset * BYTES_PER_SAMPLE);
  if (bytesRead !== count * BYTES_PER_SAMPLE) throw new Error('the decoded sound ended early');
  return samples;
}
