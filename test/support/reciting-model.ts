import { appendFile } from 'node:fs/promises';
import { SMALLEST, writeWeightlessModel, type ModelShape } from './weightless-model.ts';

/**
 * A whisper.cpp model with weights that recites: whatever it hears, each 30 s of sound begin with the same words at
 * the same times, in French. So the real engine gives real segments, whose texts, times and language a test can know.
 *
 * How: every weight is zero except that the position embedding of place p points along axis p, the last layer norm
 * passes it on, and the embedding of the token that stands at place p points along axis p too. The logit of that
 * token is then 24 and every other is about 0.
 */
export const RECITED = { text: 'Bonjour tout le monde.', endMs: 2000, language: 'fr' } as const;

const SHAPE: ModelShape = { ...SMALLEST, spoken: [' Bonjour', ' tout', ' le', ' monde.'] };

/** Token ids of a vocabulary of 51,865 (99 languages). */
const END_OF_TEXT = 50_257;
const FRENCH = 50_265;
const TIMESTAMP_0 = 50_364;
const FIRST_SPOKEN = 1;
/** Start, language and task stand at 0, 1, 2; what place 2 says is the first token that is written. */
const PLACES: readonly (readonly [place: number, token: number])[] = [
  [0, FRENCH],
  [2, TIMESTAMP_0],
  [3, FIRST_SPOKEN],
  [4, FIRST_SPOKEN + 1],
  [5, FIRST_SPOKEN + 2],
  [6, FIRST_SPOKEN + 3],
  [7, TIMESTAMP_0 + RECITED.endMs / 20],
  [8, END_OF_TEXT],
];

export async function writeRecitingModel(path: string): Promise<void> {
  await writeWeightlessModel(path, SHAPE);
  await appendFile(path, Buffer.concat([...encoder(SHAPE), ...decoder(SHAPE)]));
}

const F32 = 0;
const F16 = 1;
const F16_THREE = 0x4200;

function tensor(
  name: string,
  type: typeof F32 | typeof F16,
  sizes: readonly number[],
  fill?: (data: Buffer) => void,
): Buffer {
  const title = Buffer.from(name);
  const head = Buffer.alloc((3 + sizes.length) * 4);
  [sizes.length, title.length, type, ...sizes].forEach((value, at) => head.writeInt32LE(value, at * 4));
  const data = Buffer.alloc(sizes.reduce((product, size) => product * size, type === F32 ? 4 : 2));
  fill?.(data);
  return Buffer.concat([head, title, data]);
}

const linear = (name: string, from: number, to: number, bias = true): Buffer[] => [
  tensor(`${name}.weight`, F16, [from, to]),
  ...(bias ? [tensor(`${name}.bias`, F32, [to])] : []),
];

const norm = (name: string, state: number, weight = 0): Buffer[] => [
  tensor(`${name}.weight`, F32, [state], (data) => {
    for (let at = 0; at < state; at += 1) data.writeFloatLE(weight, at * 4);
  }),
  tensor(`${name}.bias`, F32, [state]),
];

const attention = (name: string, state: number): Buffer[] => [
  ...norm(`${name}_ln`, state),
  ...linear(`${name}.query`, state, state),
  ...linear(`${name}.key`, state, state, false),
  ...linear(`${name}.value`, state, state),
  ...linear(`${name}.out`, state, state),
];

const feedForward = (name: string, state: number): Buffer[] => [
  ...norm(`${name}_ln`, state),
  ...linear(`${name}.0`, state, 4 * state),
  ...linear(`${name}.2`, 4 * state, state),
];

function encoder({ audioContext, audioLayers, state, mels }: ModelShape): Buffer[] {
  const blocks = Array.from({ length: audioLayers }, (_, at) => `encoder.blocks.${String(at)}`);
  return [
    tensor('encoder.positional_embedding', F32, [state, audioContext]),
    tensor('encoder.conv1.weight', F16, [3, mels, state]),
    tensor('encoder.conv1.bias', F32, [1, state]),
    tensor('encoder.conv2.weight', F16, [3, state, state]),
    tensor('encoder.conv2.bias', F32, [1, state]),
    ...norm('encoder.ln_post', state),
    ...blocks.flatMap((block) => [...attention(`${block}.attn`, state), ...feedForward(`${block}.mlp`, state)]),
  ];
}

function decoder({ textContext, textLayers, state, vocabulary }: ModelShape): Buffer[] {
  const blocks = Array.from({ length: textLayers }, (_, at) => `decoder.blocks.${String(at)}`);
  return [
    tensor('decoder.positional_embedding', F32, [state, textContext], (data) => {
      // Far above what the token's own embedding adds.
      for (let place = 0; place < state; place += 1) data.writeFloatLE(1000, (place * state + place) * 4);
    }),
    tensor('decoder.token_embedding.weight', F16, [state, vocabulary], (data) => {
      for (const [place, token] of PLACES) data.writeUInt16LE(F16_THREE, (token * state + place) * 2);
    }),
    ...norm('decoder.ln', state, 1),
    ...blocks.flatMap((block) => [
      ...attention(`${block}.attn`, state),
      ...attention(`${block}.cross_attn`, state),
      ...feedForward(`${block}.mlp`, state),
    ]),
  ];
}
