import { appendFile } from 'node:fs/promises';
import { SMALLEST, writeWeightlessModel, type ModelShape } from './weightless-model.ts';

/**
 * A whisper.cpp model with weights that recites: whatever it hears, the first 30 s of a window begin with the first
 * line, the next 30 s with the second, and so on, each at the same times, in French. So the real engine gives real
 * segments, whose texts, times and language a test can know.
 *
 * How: every weight is zero except that the position embedding of place p points along axis p, the last layer norm
 * passes it on, and the embedding of the token that stands at place p points along axis p too. The logit of that
 * token is then 24 and every other is about 0. A later 30 s is told from an earlier one by its places: the engine
 * puts what was said before it in front of it.
 */
export const RECITED = { text: 'Bonjour tout le monde.', endMs: 2000, language: 'fr' } as const;

/**
 * Lines for the first nine of a window's ten times 30 s. In the tenth the model knows nothing and guesses at higher
 * temperatures with five decoders, as engines do on hard passages: that is where they need most memory.
 */
export const RECITAL = 'un deux trois quatre cinq six sept huit neuf'.split(' ').map((which) => `Voici plan ${which}.`);

/** Beyond the last line nothing is sure, so the engine tries higher temperatures until it forgets what was before. */
export async function writeRecitingModel(
  path: string,
  lines: readonly string[] = [RECITED.text],
  change: Partial<ModelShape> = {},
): Promise<void> {
  const spoken = lines.map((line) => line.split(' ').map((word) => ` ${word}`));
  const shape: ModelShape = { ...SMALLEST, ...change, spoken: spoken.flat() };
  await writeWeightlessModel(path, shape);
  await appendFile(path, Buffer.concat([...encoder(shape), ...decoder(shape, placesOf(spoken))]));
}

/** Token ids of a vocabulary of 51,865 (99 languages). */
const END_OF_TEXT = 50_257;
const FRENCH = 50_265;
const TIMESTAMP_0 = 50_364;
const FIRST_SPOKEN = 1;

interface Place {
  readonly place: number;
  readonly token: number;
}

/**
 * Start, language and task stand at 0, 1, 2; what place 2 says is the first token that is written. From the second
 * line on a mark and all tokens so far stand before those three. Where a line begins is also where the one before it
 * may end: an end is never taken for a beginning, nor an earlier time for an end.
 */
function placesOf(lines: readonly (readonly string[])[]): readonly Place[] {
  const places: Place[] = [{ place: 0, token: FRENCH }];
  let [word, written] = [FIRST_SPOKEN, 0];
  for (const [index, line] of lines.entries()) {
    const first = index === 0 ? 2 : written + 3;
    const tokens = [TIMESTAMP_0, ...line.map((_, at) => word + at), TIMESTAMP_0 + RECITED.endMs / 20];
    places.push(...[...tokens, END_OF_TEXT].map((token, at) => ({ place: first + at, token })));
    word += line.length;
    written += tokens.length;
  }
  const last = places.at(-1)?.place ?? 0;
  if (last >= SMALLEST.state) throw new Error(`the lines end at place ${String(last)}; there are fewer axes`);
  return places;
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

function decoder({ textContext, textLayers, state, vocabulary }: ModelShape, places: readonly Place[]): Buffer[] {
  const blocks = Array.from({ length: textLayers }, (_, at) => `decoder.blocks.${String(at)}`);
  return [
    tensor('decoder.positional_embedding', F32, [state, textContext], (data) => {
      // Far above what the token's own embedding adds.
      for (let place = 0; place < state; place += 1) data.writeFloatLE(1000, (place * state + place) * 4);
    }),
    tensor('decoder.token_embedding.weight', F16, [state, vocabulary], (data) => {
      for (const { place, token } of places) data.writeUInt16LE(F16_THREE, (token * state + place) * 2);
    }),
    ...norm('decoder.ln', state, 1),
    ...blocks.flatMap((block) => [
      ...attention(`${block}.attn`, state),
      ...attention(`${block}.cross_attn`, state),
      ...feedForward(`${block}.mlp`, state),
    ]),
  ];
}
