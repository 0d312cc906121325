// npm run test:speech [-- --hours 3] [--only scripted|engine] [--engine cli]: long synthetic speech: memory flat, times exact;
// with --engine cli by the real whisper-cli, after its own cases (cli.test.ts).
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { realWhisperCli } from '../support/laid-tools.ts';
import { complaints, longRun, longScripted, misheard, NO_VOICE } from './long-run.ts';

const {
  hours: asked,
  only,
  engine: program,
} = parseArgs({
  options: { hours: { type: 'string' }, only: { type: 'string' }, engine: { type: 'string' } },
}).values;
// whisper-cli loads its model for every window, and writes each window to a file.
const hours = asked ?? (program === 'cli' ? '0.25' : '3');
const seconds = Number(hours) * 3600;
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const verdict = (wrong: readonly string[]): string =>
  wrong.length === 0 ? 'held' : `NOT HELD: ${wrong.slice(0, 5).join('; ')}`;

async function scripted(): Promise<boolean> {
  const run = await longScripted(seconds);
  const exact = run.offsetErrorMs <= 1;
  console.log(
    `${hours} h through ${String(run.windows)} windows with a scripted engine, ${(run.wallMs / 1000).toFixed(0)} s`,
  );
  console.log(`agent +${mb(run.agentBytes)}, its child ${mb(run.planBytes)} at most`);
  console.log(`largest error of an offset: ${run.offsetErrorMs.toFixed(3)} ms: ${exact ? 'held' : 'NOT HELD'}`);
  console.log(`order, times and progress: ${verdict(run.complaints)}`);
  return exact && run.complaints.length === 0;
}

async function engine(cli?: string): Promise<boolean> {
  const run = await longRun(seconds, cli);
  const wrong = [...complaints(run), ...misheard(run)];
  const held = run.engineBytes <= 400e6;
  const { length } = run.transcript.segments;
  console.log(
    `${hours} h through the real ${cli === undefined ? 'engine' : 'whisper-cli'} in ${(run.wallMs / 1000).toFixed(0)} s`,
  );
  console.log(`${String(length)} segments from ${String(run.windows)} windows`);
  console.log(`engine above its model: ${mb(run.engineBytes)} at most (${mb(run.early)} early, ${mb(run.late)} late)`);
  console.log(`agent +${mb(run.agentBytes)}`);
  console.log(`memory at most 400 MB above the model: ${held ? 'held' : 'NOT HELD'}`);
  console.log(`lines, order, times and progress: ${verdict(wrong)}`);
  console.log('parameters', run.metrics['parameters']);
  return held && wrong.length === 0;
}

/** The cases with the real program, then a long run of it. */
async function withCli(): Promise<boolean> {
  const cli = realWhisperCli();
  if ('missing' in cli) {
    console.log(`skipped: ${cli.missing}`);
    return true;
  }
  const { status } = spawnSync('npx', ['vitest', 'run', 'test/speech/cli.test.ts'], {
    stdio: 'inherit',
    env: { ...process.env, WHISPER_CLI_BIN: cli.path },
  });
  return (await engine(cli.path)) && status === 0;
}

if (NO_VOICE !== null) {
  console.log(`skipped: ${NO_VOICE}`);
} else if (program === 'cli') {
  process.exitCode = (await withCli()) ? 0 : 1;
} else {
  const first = only === 'engine' || (await scripted());
  const second = only === 'scripted' || (await engine());
  process.exitCode = first && second ? 0 : 1;
}
process.exit();
