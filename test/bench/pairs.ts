import { join } from 'node:path';
import type { JobType } from '../../shared/wire.ts';
import { decodeCommand, runBare } from './bare-tool.ts';
import type { Bench, FinishedJob } from './run-job.ts';
import { describePairs, median, type Pair } from './statistics.ts';

/** What the agent adds to the tools it drives, measured in pairs side by side in one run. */
interface PairCase {
  readonly name: string;
  readonly jobType: JobType;
  readonly file: string;
  readonly pairs: number;
  readonly bare: (job: FinishedJob) => readonly string[];
  /** What the promise is, and whether the pairs keep it. */
  readonly bar: string;
  readonly holds: (pairs: readonly Pair[]) => boolean;
}

const sameCommands = (job: FinishedJob): readonly string[] => job.commands;

export const PAIR_CASES: readonly PairCase[] = [
  {
    name: 'proxy of a 60-second 1080p clip',
    jobType: 'generate_video_proxies',
    file: 'minute-1080p.mp4',
    pairs: 5,
    bare: sameCommands,
    bar: 'adds less than 2 %',
    holds: (pairs) => median(pairs.map(({ agentMs, bareMs }) => agentMs / bareMs)) < 1.02,
  },
  {
    name: 'thumbnail of a 1-second clip',
    jobType: 'generate_thumbnails',
    file: 'second-1080p.mp4',
    pairs: 21,
    bare: sameCommands,
    bar: 'adds less than 60 ms',
    holds: (pairs) => median(pairs.map(({ agentMs, bareMs }) => agentMs - bareMs)) < 60,
  },
  {
    name: 'waveform of a 30-minute WAV',
    jobType: 'generate_audio_waveform',
    file: 'half-hour.wav',
    pairs: 9,
    bare: () => [decodeCommand('a')],
    bar: 'at most 1.3 × ffmpeg decoding to null',
    holds: (pairs) => median(pairs.map(({ agentMs, bareMs }) => agentMs / bareMs)) <= 1.3,
  },
];

/** Prints one line; answers whether the bar was held. */
export async function measurePairs(bench: Bench, { name, ...wanted }: PairCase): Promise<boolean> {
  const pairs: Pair[] = [];
  for (let index = -1; index < wanted.pairs; index += 1) {
    const job = await bench.run(wanted.jobType, wanted.file);
    const bareMs = await runBare(wanted.bare(job), join(bench.media, wanted.file), job.workspace);
    // The first pair fills caches and is thrown away.
    if (index >= 0) pairs.push({ agentMs: job.ms, bareMs });
  }
  const holds = wanted.holds(pairs);
  console.log(`${describePairs(name, pairs)}  ${holds ? 'held' : 'NOT HELD'}: ${wanted.bar}`);
  return holds;
}
