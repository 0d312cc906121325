import { join } from 'node:path';
import type { JobType } from '../../shared/job.ts';
import { decodeCommand, runBare } from './bare-tool.ts';
import type { Bench, FinishedJob } from './run-job.ts';
import { processorMs } from './resources.ts';
import { describePairs, median, ratioOf, type Cost, type Pair } from './statistics.ts';

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
    holds: (pairs) => ratioOf(pairs, 'wallMs') < 1.02,
  },
  {
    name: 'thumbnail of a 1-second clip',
    jobType: 'generate_thumbnails',
    file: 'second-1080p.mp4',
    pairs: 21,
    bare: sameCommands,
    bar: 'adds less than 60 ms',
    holds: (pairs) => median(pairs.map(({ agent, bare }) => agent.wallMs - bare.wallMs)) < 60,
  },
  ...(['16', '24'] as const).map((bits): PairCase => ({
    name: `waveform of a 30-minute ${bits}-bit WAV`,
    jobType: 'generate_audio_waveform',
    file: `half-hour-${bits}.wav`,
    pairs: 15,
    bare: () => [decodeCommand('a')],
    bar: 'at most 1.3 × ffmpeg decoding to null',
    holds: (pairs) => ratioOf(pairs, 'wallMs') <= 1.3,
  })),
];

/** Prints the figures; answers whether the bar was held. */
export async function measurePairs(bench: Bench, { name, ...wanted }: PairCase): Promise<boolean> {
  const source = join(bench.media, wanted.file);
  // The first pair fills caches, tells the commands, and is thrown away.
  let job = await bench.run(wanted.jobType, wanted.file);
  const agent = async (): Promise<Cost> => {
    const before = processorMs();
    job = await bench.run(wanted.jobType, wanted.file);
    return { wallMs: job.ms, processorMs: processorMs() - before };
  };
  const bare = async (): Promise<Cost> => {
    const before = processorMs();
    const wallMs = await runBare(wanted.bare(job), source, job.workspace);
    return { wallMs, processorMs: processorMs() - before };
  };
  await bare();
  const pairs: Pair[] = [];
  for (let index = 0; index < wanted.pairs; index += 1) {
    // By turns: what the machine does besides slows down now the one, now the other.
    if (index % 2 === 0) {
      pairs.push({ agent: await agent(), bare: await bare() });
    } else {
      const first = await bare();
      pairs.push({ bare: first, agent: await agent() });
    }
  }
  const holds = wanted.holds(pairs);
  console.log(`${describePairs(name, pairs)}  ${holds ? 'held' : 'NOT HELD'}: ${wanted.bar}`);
  return holds;
}
