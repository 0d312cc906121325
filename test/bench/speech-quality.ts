// npm run bench:speech -- --model FILE --audio DIR --reference DIR [--language en] [--detector FILE] [--json]
// Word error rate and real-time factor of the real engine with a trained model. Each audio file needs a text of the
// same name in the reference folder (interview.wav → interview.txt).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, parse, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createTranscribeExecutor } from '../../electron/work/executors/transcribe.ts';
import { JobFailure } from '../../shared/failure.ts';
import { withContext } from '../speech/rig.ts';
import { wordErrors, type WordErrors } from './word-error-rate.ts';

const USAGE =
  'Usage: npm run bench:speech -- --model FILE --audio DIR --reference DIR [--language en] [--detector FILE] [--json]';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    audio: { type: 'string' },
    reference: { type: 'string' },
    language: { type: 'string' },
    detector: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const { model, audio, reference, language, detector } = values;
if (model === undefined || audio === undefined || reference === undefined) {
  console.error(USAGE);
  process.exit(2);
}

interface Measured extends WordErrors {
  readonly name: string;
  readonly realTimeFactor: number;
  readonly seconds: number;
}

const pairs = readdirSync(audio).flatMap((file) => {
  const text = join(reference, `${parse(file).name}.txt`);
  return existsSync(text) ? [{ file: resolve(audio, file), text: readFileSync(text, 'utf8') }] : [];
});
if (pairs.length === 0) {
  console.error(`No file in ${audio} has a text of its name in ${reference}.\n${USAGE}`);
  process.exit(2);
}

const measured: Measured[] = [];
for (const { file, text } of pairs) {
  const speechModel = {
    path: resolve(model),
    sha256: '0'.repeat(64),
    ...(detector === undefined ? {} : { detector: { path: resolve(detector), sha256: '0'.repeat(64) } }),
  };
  const inputs = language === undefined ? {} : { language };
  try {
    const success = await withContext(
      file,
      { speechModel },
      (context) => createTranscribeExecutor().execute(context),
      inputs,
    );
    const { media_ms: mediaMs, engine_ms: engineMs } = success.metrics;
    const errors = wordErrors(text, success.outputs.transcript.text);
    const one = {
      ...errors,
      name: parse(file).base,
      seconds: Number(mediaMs) / 1000,
      realTimeFactor: Number(engineMs) / Number(mediaMs),
    };
    measured.push(one);
    if (!values.json) console.log(line(one));
  } catch (error) {
    console.error(`${parse(file).base}: ${error instanceof JobFailure ? error.failure.message : String(error)}`);
    process.exitCode = 1;
  }
}
const total = {
  name: `all ${String(measured.length)}`,
  words: measured.reduce((sum, { words }) => sum + words, 0),
  errors: measured.reduce((sum, { errors }) => sum + errors, 0),
  seconds: measured.reduce((sum, { seconds }) => sum + seconds, 0),
  realTimeFactor:
    measured.reduce((sum, { realTimeFactor, seconds }) => sum + realTimeFactor * seconds, 0) /
    measured.reduce((sum, { seconds }) => sum + seconds, 0),
};
console.log(values.json ? JSON.stringify({ measured, total }, null, 2) : line(total));
process.exit();

function line({ name, words, errors, seconds, realTimeFactor }: Measured): string {
  const rate = `${((100 * errors) / Math.max(1, words)).toFixed(1)} % word errors`.padStart(22);
  return `${name.padEnd(32)} ${rate} (${String(errors)} of ${String(words)})  ${seconds.toFixed(0)} s, real-time factor ${realTimeFactor.toFixed(3)}`;
}
