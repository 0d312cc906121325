import { writeFile } from 'node:fs/promises';

/**
 * Writes a Silero model in whisper.cpp's own format (`whisper_vad_init_with_params`): magic, type, version, window
 * sizes, layer shapes, tensors. All weights are zero but those that lead loudness through: the first basis of the
 * Fourier stage is a constant, each layer passes its first channel on, the memory cell opens, and the last weight
 * decides. So the real detector calls `sound` speech where there is a steady level, or everything, or nothing.
 */
export async function writeDetectorModel(path: string, hears: 'everything' | 'nothing' | 'sound'): Promise<void> {
  const shapes = [
    [129, 128, 3],
    [128, 64, 3],
    [64, 64, 3],
    [64, 128, 3],
  ] as const;
  const hidden = 128;
  const header = [
    words(0x67676d6c, 10),
    Buffer.from('silero-16k'),
    words(6, 2, 0),
    words(512, 64),
    words(shapes.length, ...shapes.flat()),
    words(hidden, hidden, hidden, 1),
  ];
  const isSound = hears === 'sound';
  const encoder = shapes.flatMap(([from, to, kernel], at) => {
    const layer = `_model.encoder.${String(at)}.reparam_conv`;
    return [
      // The middle of the kernel, from the first channel to the first.
      tensor(`${layer}.weight`, F16, [kernel, from, to], isSound ? [[1, 1]] : []),
      tensor(`${layer}.bias`, F32, [to], []),
    ];
  });
  // Gates stand one after the other: input, forget, cell, output.
  const cell = isSound ? [[2 * hidden * hidden, 1]] : [];
  const opened = [[0, 20] as const, [hidden, -20] as const, [3 * hidden, 20] as const];
  const bias = hears === 'everything' ? 20 : -20;
  await writeFile(
    path,
    Buffer.concat([
      ...header,
      tensor('_model.stft.forward_basis_buffer', F16, [256, 1, 258], isSound ? constantBasis() : []),
      ...encoder,
      tensor('_model.decoder.rnn.weight_ih', F32, [hidden, 4 * hidden], cell),
      tensor('_model.decoder.rnn.bias_ih', F32, [4 * hidden], isSound ? opened : []),
      tensor('_model.decoder.rnn.weight_hh', F32, [hidden, 4 * hidden], []),
      tensor('_model.decoder.rnn.bias_hh', F32, [4 * hidden], []),
      tensor('_model.decoder.decoder.2.weight', F16, [hidden, 1], isSound ? [[0, 60]] : []),
      tensor('_model.decoder.decoder.2.bias', F32, [1], [[0, bias]]),
    ]),
  );
}

const F32 = 0;
const F16 = 1;

/** Mean of 256 samples: a level that does not change its sign. */
const constantBasis = (): readonly (readonly [number, number])[] => Array.from({ length: 256 }, (_, at) => [at, 1]);

function words(...values: readonly number[]): Buffer {
  const block = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => block.writeUInt32LE(value, index * 4));
  return block;
}

function tensor(
  name: string,
  type: typeof F32 | typeof F16,
  sizes: readonly number[],
  values: readonly (readonly number[])[],
): Buffer {
  const title = Buffer.from(name);
  const head = words(sizes.length, title.length, type, ...sizes);
  const width = type === F32 ? 4 : 2;
  const data = Buffer.alloc(sizes.reduce((product, size) => product * size, width));
  for (const [index = 0, value = 0] of values) {
    if (type === F32) data.writeFloatLE(value, index * 4);
    else data.writeUInt16LE(half(value), index * 2);
  }
  return Buffer.concat([head, title, data]);
}

/** IEEE 754 binary16 of a whole power of two times a small number; 0 stays 0. */
function half(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  const fraction = Math.round((Math.abs(value) / 2 ** exponent - 1) * 1024);
  return ((value < 0 ? 1 : 0) << 15) | ((exponent + 15) << 10) | fraction;
}
