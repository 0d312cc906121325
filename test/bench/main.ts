// npm run bench [-- --only TEXT]: what the agent adds to the tools it drives, and how that grows with the length.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { CHILDREN_NAME, measureChildren } from './children.ts';
import { FOLDER_NAME, measureFolder } from './folder.ts';
import { FOREGROUND_NAME, GIVE_WAY_NAME, measureForeground, measureGiveWay } from './give-way.ts';
import { IDLE_NAME, measureIdle } from './idle.ts';
import { LENGTH_CASES, LENGTHS, measureLengths } from './lengths.ts';
import { LONG_GOP_FILE, measureLongGop } from './long-gop.ts';
import { makeMedia } from './media.ts';
import { measureOneRead, ONE_READ_NAME } from './one-read.ts';
import { measurePairs, PAIR_CASES } from './pairs.ts';
import { measureParallel, PARALLEL_FILE, PARALLEL_NAME } from './parallel.ts';
import { measurePoll, POLL_NAME } from './poll.ts';
import { measureProcessResults, PROCESS_RESULTS_NAME } from './process-results.ts';
import { startBench, type Bench } from './run-job.ts';
import { measureSlices, SLICES_FILE, SLICES_NAME } from './slices.ts';
import { measureSpeech, SPEECH_FILE, SPEECH_NAME } from './speech.ts';
import { measureWatchScan, WATCH_SCAN_NAME } from './watch-scan.ts';

interface Measurement {
  readonly name: string;
  readonly files: readonly string[];
  readonly measure: (bench: Bench) => Promise<boolean>;
}

const ALL: readonly Measurement[] = [
  ...PAIR_CASES.map((pair) => ({
    name: pair.name,
    files: [pair.file],
    measure: (bench: Bench) => measurePairs(bench, pair),
  })),
  { name: 'thumbnails of a 2-hour long-GOP clip', files: [LONG_GOP_FILE], measure: measureLongGop },
  { name: SLICES_NAME, files: [SLICES_FILE], measure: measureSlices },
  { name: FOLDER_NAME, files: [], measure: ({ media }) => measureFolder(dirname(media)) },
  { name: PARALLEL_NAME, files: [PARALLEL_FILE], measure: measureParallel },
  { name: ONE_READ_NAME, files: [], measure: ({ media }) => measureOneRead(dirname(media)) },
  { name: CHILDREN_NAME, files: [], measure: measureChildren },
  { name: GIVE_WAY_NAME, files: [], measure: measureGiveWay },
  { name: FOREGROUND_NAME, files: [], measure: measureForeground },
  { name: IDLE_NAME, files: [], measure: ({ media }) => measureIdle(dirname(media)) },
  { name: POLL_NAME, files: [], measure: ({ media }) => measurePoll(dirname(media)) },
  {
    name: PROCESS_RESULTS_NAME,
    files: [],
    measure: ({ media }) => measureProcessResults(dirname(media)),
  },
  { name: WATCH_SCAN_NAME, files: [], measure: ({ media }) => measureWatchScan(dirname(media)) },
  { name: SPEECH_NAME, files: [SPEECH_FILE], measure: ({ media }) => measureSpeech(media) },
  ...LENGTH_CASES.map((lengths) => ({
    name: lengths.name,
    files: LENGTHS.map(({ file }) => file),
    measure: (bench: Bench) => measureLengths(bench, lengths),
  })),
];

const { only } = parseArgs({ options: { only: { type: 'string' } } }).values;
const chosen = ALL.filter(({ name }) => only === undefined || name.includes(only));
if (chosen.length === 0) {
  console.error(`No measurement is called “${only}”; there are:\n${ALL.map(({ name }) => `  ${name}`).join('\n')}`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'rushcatalog-bench-'));
try {
  const media = join(folder, 'media');
  mkdirSync(media);
  console.log('Making media …');
  makeMedia(media, [...new Set(chosen.flatMap(({ files }) => files))]);
  const bench = await startBench(folder, media);
  let held = true;
  for (const { measure } of chosen) held = (await measure(bench)) && held;
  await bench.close();
  process.exitCode = held ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
