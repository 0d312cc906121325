import { writeFile } from 'node:fs/promises';

/**
 * Writes a whisper.cpp model file without weights ("empty model for testing"): the real engine loads it, runs every
 * layer over zeros and answers. Shapes are the smallest the engine accepts, so that a run takes milliseconds.
 * Layout: whisper.cpp `whisper_model_load` — magic, eleven hyperparameters, mel filters, vocabulary, no tensors.
 */
export async function writeWeightlessModel(path: string, change: Partial<ModelShape> = {}): Promise<void> {
  const shape = { ...SMALLEST, ...change };
  const hyperparameters = [
    shape.vocabulary,
    shape.audioContext,
    shape.state,
    shape.heads,
    shape.audioLayers,
    shape.textContext,
    shape.state,
    shape.heads,
    shape.textLayers,
    shape.mels,
    1, // f16
  ];
  const filters = Buffer.alloc(shape.mels * FFT_BINS * 4);
  // Every mel band hears one bin, so that sound and silence differ.
  for (let mel = 0; mel < shape.mels; mel += 1) filters.writeFloatLE(1, (mel * FFT_BINS + mel) * 4);
  await writeFile(
    path,
    Buffer.concat([words(GGML_MAGIC, ...hyperparameters, shape.mels, FFT_BINS), filters, vocabulary(shape)]),
  );
}

export interface ModelShape {
  readonly vocabulary: number;
  readonly audioContext: number;
  readonly state: number;
  readonly heads: number;
  readonly audioLayers: number;
  readonly textContext: number;
  readonly textLayers: number;
  readonly mels: number;
  /** Words written out; the engine names the rest itself. */
  readonly words: number;
  /** Texts of the words from the second on; further ones are named by their number. */
  readonly spoken: readonly string[];
}

const GGML_MAGIC = 0x67676d6c;
const FFT_BINS = 201;

/** The tiny model's shape with a state of 64 instead of 384 and one decoder layer instead of four. */
export const SMALLEST: ModelShape = {
  vocabulary: 51_865,
  audioContext: 1500,
  state: 64,
  heads: 1,
  audioLayers: 4,
  textContext: 448,
  // Not 2: the engine takes that for a distilled model and gives up timestamps.
  textLayers: 1,
  mels: 80,
  words: 50_257,
  spoken: [],
};

function words(...values: readonly number[]): Buffer {
  const block = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => block.writeUInt32LE(value, index * 4));
  return block;
}

function vocabulary({ words: count, spoken }: ModelShape): Buffer {
  const entries = Array.from({ length: count }, (_, index) => {
    // The engine looks the blank up by name before it decodes.
    const text = Buffer.from(index === 0 ? ' ' : (spoken[index - 1] ?? ` w${String(index)}`));
    return Buffer.concat([words(text.length), text]);
  });
  return Buffer.concat([words(count), ...entries]);
}
