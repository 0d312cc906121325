import { join } from 'node:path';
import { usualParallelJobs } from '../../electron/agent/settings/usual-parallel-jobs.ts';
import { JOB_TYPES, SHORT_NAME_OF, type JobType } from '../../shared/job.ts';
import { runBare } from './bare-tool.ts';
import type { Bench } from './run-job.ts';
import { median } from './statistics.ts';

export const PARALLEL_NAME = 'parallel: how many jobs at once, from the curves of single ones';
export const PARALLEL_FILE = 'minute-1080p.mp4';

const RUNS = 3;
const TYPES = JOB_TYPES.filter((jobType) => jobType !== 'transcribe_audio');
const FILES = 48;
const MACHINES = [2, 4, 8, 16] as const;
const SLOTS = [1, 2, 3, 4, 5, 6, 8] as const;
/** Of the best number of slots, what the usual one may lose. */
const MOST_LOST = 0.1;

/** A single job: its time on one core, and the share of it that more cores shorten. */
interface Curve {
  readonly jobType: JobType;
  readonly oneCoreMs: number;
  readonly shared: number;
  /** Cores beyond which nothing is gained: slices of a proxy; the others have one thread that matters. */
  readonly width: number;
}

/**
 * Measures each kind of job on one core and on two, and works out from that how long a folder takes on machines that are
 * not here (Amdahl's law per job, the cores shared among those that run): what the usual number of jobs at once gives
 * against the best one.
 */
export async function measureParallel(bench: Bench): Promise<boolean> {
  if (process.platform !== 'linux') {
    console.log(`${PARALLEL_NAME}: skipped, taskset is Linux’s`);
    return true;
  }
  const curves: Curve[] = [];
  for (const jobType of TYPES) curves.push(await curveOf(bench, jobType));
  for (const { jobType, oneCoreMs, shared } of curves) {
    console.log(
      `${PARALLEL_NAME}: ${SHORT_NAME_OF[jobType]}: ${(oneCoreMs / 1_000).toFixed(2)} s on one core, ${Math.round(shared * 100)} % of it shared by more`,
    );
  }
  console.log(`\n| cores | ${SLOTS.map((slots) => `${slots} at once`).join(' | ')} | usual |`);
  console.log(`| --- | ${SLOTS.map(() => '---').join(' | ')} | --- |`);
  let held = true;
  for (const cores of MACHINES) {
    const minutes = SLOTS.map((slots) => folderMs(curves, cores, slots) / 60_000);
    const usual = usualParallelJobs(cores, Number.POSITIVE_INFINITY);
    const own = folderMs(curves, cores, usual) / 60_000;
    held = held && own <= Math.min(...minutes) * (1 + MOST_LOST);
    console.log(
      `| ${cores} | ${minutes.map((each) => `${each.toFixed(1)} min`).join(' | ')} | ${usual}: ${own.toFixed(1)} min |`,
    );
  }
  console.log(
    `\n${PARALLEL_NAME}: the usual number loses at most ${MOST_LOST * 100} % of the best: ${held ? 'held' : 'NOT HELD'}`,
  );
  return held;
}

async function curveOf(bench: Bench, jobType: JobType): Promise<Curve> {
  const { commands, workspace } = await bench.run(jobType, PARALLEL_FILE);
  const source = join(bench.media, PARALLEL_FILE);
  const time = async (cores: string): Promise<number> => {
    const runs: number[] = [];
    for (let run = 0; run < RUNS; run += 1) runs.push(await runBare(commands, source, workspace, cores));
    return median(runs);
  };
  const [one, two] = [await time('0'), await time('0,1')];
  const shared = Math.min(1, Math.max(0, 2 * (1 - two / one)));
  return { jobType, oneCoreMs: one, shared, width: jobType === 'generate_video_proxies' ? 4 : 1 };
}

const speedOn = ({ shared, width }: Curve, cores: number): number => {
  const own = Math.min(cores, Math.max(1, width));
  return own < 1 ? own : 1 / (1 - shared + shared / own);
};

/** How long a folder takes with so many slots: the jobs in the order of the queue, the cores shared evenly. */
function folderMs(curves: readonly Curve[], cores: number, slots: number): number {
  const queue = Array.from({ length: FILES }, () => curves).flat();
  let running: { readonly curve: Curve; left: number }[] = [];
  let now = 0;
  while (queue.length > 0 || running.length > 0) {
    while (running.length < slots) {
      const curve = queue.shift();
      if (curve === undefined) break;
      running.push({ curve, left: curve.oneCoreMs });
    }
    const share = sharesOf(
      running.map(({ curve }) => curve),
      cores,
    );
    const speeds = running.map(({ curve }, index) => speedOn(curve, share[index] ?? 0));
    const step = Math.min(...running.map(({ left }, index) => left / (speeds[index] ?? 1)));
    now += step;
    running.forEach((job, index) => (job.left -= step * (speeds[index] ?? 1)));
    running = running.filter(({ left }) => left > 1e-6);
  }
  return now;
}

/** Cores for each: nobody gets more than it can use, what is left goes to the others. */
function sharesOf(curves: readonly Curve[], cores: number): number[] {
  const shares = curves.map(() => 0);
  let left = cores;
  let open = curves.map((_, index) => index);
  while (left > 1e-9 && open.length > 0) {
    const each = left / open.length;
    left = 0;
    const still: number[] = [];
    for (const index of open) {
      const room = Math.max(1, curves[index]?.width ?? 1) - (shares[index] ?? 0);
      const taken = Math.min(room, each);
      shares[index] = (shares[index] ?? 0) + taken;
      left += each - taken;
      if (room > each) still.push(index);
    }
    open = still;
  }
  return shares;
}
