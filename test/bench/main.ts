// npm run bench: what the agent adds to the tools it drives, measured in pairs side by side in one run.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded, type Embedded } from '../../electron/headless/process/embedded.ts';
import type { JobType } from '../../shared/wire.ts';
import { commandsOf, runBare } from './bare-tool.ts';
import { describePairs, median, type Pair } from './statistics.ts';

interface Case {
  readonly name: string;
  readonly jobType: JobType;
  readonly file: string;
  readonly pairs: number;
  /** What the promise is, and whether the pairs keep it. */
  readonly bar: string;
  readonly holds: (pairs: readonly Pair[]) => boolean;
}

const CASES: readonly Case[] = [
  {
    name: 'proxy of a 60-second 1080p clip',
    jobType: 'generate_video_proxies',
    file: 'minute-1080p.mp4',
    pairs: 5,
    bar: 'adds less than 2 %',
    holds: (pairs) => median(pairs.map(({ agentMs, bareMs }) => agentMs / bareMs)) < 1.02,
  },
  {
    name: 'thumbnail of a 1-second clip',
    jobType: 'generate_thumbnails',
    file: 'second-1080p.mp4',
    pairs: 21,
    bar: 'adds less than 60 ms',
    holds: (pairs) => median(pairs.map(({ agentMs, bareMs }) => agentMs - bareMs)) < 60,
  },
  {
    name: 'waveform of a 30-minute WAV',
    jobType: 'generate_audio_waveform',
    file: 'half-hour.wav',
    pairs: 5,
    bar: 'at most 1.3 × the bare tool',
    holds: (pairs) => median(pairs.map(({ agentMs, bareMs }) => agentMs / bareMs)) <= 1.3,
  },
];

function makeMedia(folder: string): void {
  const make = (name: string, ...args: string[]): void => {
    const path = join(folder, name);
    execFileSync(process.env['FFMPEG_BIN'] ?? 'ffmpeg', ['-v', 'error', '-y', ...args, path], { stdio: 'inherit' });
    // Long finished: the agent need not wait to see whether it still grows.
    const hourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(path, hourAgo, hourAgo);
  };
  const clip = (seconds: number): string[] => [
    ...['-f', 'lavfi', '-i', `testsrc2=size=1920x1080:rate=25:duration=${seconds}`],
    ...['-f', 'lavfi', '-i', `anoisesrc=color=pink:amplitude=0.2:duration=${seconds}:sample_rate=48000:seed=1`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '23', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
  ];
  make('minute-1080p.mp4', ...clip(60));
  make('second-1080p.mp4', ...clip(1));
  make(
    'half-hour.wav',
    '-f',
    'lavfi',
    '-i',
    'anoisesrc=color=pink:amplitude=0.3:duration=1800:sample_rate=48000:seed=2',
    '-ac',
    '2',
  );
}

/** One job through the whole agent: from its claim to the accepted report. */
async function runJob(embedded: Embedded, jobType: JobType, file: string): Promise<{ ms: number; commands: string[] }> {
  const { agent, client } = embedded;
  const asset = await client.createAsset({ source_path: `media/${file}` });
  const ended = Promise.withResolvers<number>();
  let claimedAt = Number.NaN;
  const unsubscribe = agent.subscribe((event) => {
    if (event.type === 'jobClaimed') claimedAt = performance.now();
    if (event.type !== 'jobEnded') return;
    if (event.job.ending.kind === 'done') ended.resolve(performance.now() - claimedAt);
    else ended.reject(new Error(`the job ended as ${JSON.stringify(event.job.ending)}`));
  });
  const job = await client.createJob({ asset_uuid: asset.uuid, job_type: jobType });
  agent.wake();
  const ms = await ended.promise;
  unsubscribe();
  const log = await agent.execute('jobLog', { jobId: job.job_id });
  return { ms, commands: log.ok ? commandsOf(log.output.lines) : [] };
}

async function measure(embedded: Embedded, media: string, bench: Case): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let index = -1; index < bench.pairs; index += 1) {
    const { ms: agentMs, commands } = await runJob(embedded, bench.jobType, bench.file);
    const workspace = /'?(\/[^' ]*\/runs\/[0-9a-f-]{36})/.exec(commands.join(' '))?.[1] ?? '/nowhere';
    const bareMs = await runBare(commands, join(media, bench.file), workspace);
    // The first pair fills caches and is thrown away.
    if (index >= 0) pairs.push({ agentMs, bareMs });
  }
  return pairs;
}

const folder = mkdtempSync(join(tmpdir(), 'rushcatalog-bench-'));
const media = join(folder, 'media');
mkdirSync(media);
console.log('Making media …');
makeMedia(media);
const embedded = await startEmbedded(folder, { mediaRoots: [{ name: 'media', path: media }], maxParallelJobs: 1 });
await embedded.agent.start();
await new Promise<void>((resolve) => {
  const proved = (): boolean =>
    embedded.agent.snapshot().capabilities.filter(({ declared }) => declared).length >= CASES.length;
  if (proved()) resolve();
  else embedded.agent.subscribe(() => proved() && resolve());
});
let held = true;
for (const bench of CASES) {
  const pairs = await measure(embedded, media, bench);
  const holds = bench.holds(pairs);
  held &&= holds;
  console.log(`${describePairs(bench.name, pairs)}  ${holds ? 'held' : 'NOT HELD'}: ${bench.bar}`);
}
await embedded.agent.stop(0);
await embedded.server.close();
rmSync(folder, { recursive: true, force: true });
process.exitCode = held ? 0 : 1;
