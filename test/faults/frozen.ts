import { setTimeout as delay } from 'node:timers/promises';
import { gone, isAlive } from '../support/children/alive.ts';
import { put, type Command } from '../support/command.ts';
import { lookInto } from '../support/work-folder.ts';
import {
  countOf,
  drained,
  eventsOf,
  openAgentBench,
  proveAll,
  staleWrites,
  untilEnded,
  type AgentBench,
} from './agent-bench.ts';
import { createFindings, type Campaign } from './campaign.ts';

const LEASE_SECONDS = 3;
const FROZEN_MS = 3 * LEASE_SECONDS * 1_000;
const CHILD_ENDS_MS = 2_000;
/** How long a second agent may need to start, and to be offered what the first one holds. */
const TAKEN_OVER_MS = 60_000;
/** Moments that are tried until one falls into the work. */
const MOST_TRIES = 8;
const TYPES = ['generate_video_proxies', 'generate_thumbnails', 'generate_audio_waveform', 'transcribe_audio'] as const;

/** An agent stands still for three leases while another takes its job over. */
export const frozen: Campaign = {
  name: 'frozen-agent',
  proves:
    'SIGSTOP of an agent and its children for 3 × the lease while a second agent takes over: no stale write is accepted, its children end within 2 s of SIGCONT',
  runs: 30,
  minutes: 30,
  lanes: 2,
  async open() {
    const bench = await openAgentBench({ leaseSeconds: LEASE_SECONDS, maxPartSizeBytes: 20_000, maxAttempts: 50 });
    const works = [bench.workFolder('first'), bench.workFolder('second')] as const;
    for (const work of works) await proveAll(bench, work);
    return {
      run: (index, random) => freeze(bench, works, TYPES[index % TYPES.length] ?? 'generate_thumbnails', random),
      async close() {
        const found = createFindings();
        const stale = await staleWrites(bench.studio);
        found.expect('no stale write is accepted', stale.length === 0, stale);
        found.count('stale writes accepted', stale.length);
        await bench.close();
        return found.result();
      },
    };
  },
};

async function freeze(
  bench: AgentBench,
  works: readonly [string, string],
  jobType: (typeof TYPES)[number],
  random: () => number,
) {
  const found = createFindings();
  const { studio } = bench;
  const first = bench.launch(works[0]);
  let second: Command | undefined;
  try {
    const { jobId, stopped } = await frozenWhileExecuting(bench, first, works[0], jobType, random);
    found.count('children frozen', stopped.length);
    const frozenAt = performance.now();
    second = bench.launch(works[1]);
    const claims = async (): Promise<number> => countOf(await eventsOf(studio, jobId), 'jobClaimed');
    while ((await claims()) < 2 && performance.now() - frozenAt < TAKEN_OVER_MS) await delay(50);
    found.expect('a second agent takes it over meanwhile', (await claims()) === 2, await eventsOf(studio, jobId));
    await delay(Math.max(0, FROZEN_MS - (performance.now() - frozenAt)));
    const living = stopped.filter(isAlive);
    found.count('of them alive at SIGCONT', living.length);
    signalAll([first.pid, ...living], 'SIGCONT');
    const continuedAt = performance.now();
    await gone(living);
    if (living.length > 0)
      found.within('children gone after SIGCONT, ms', performance.now() - continuedAt, CHILD_ENDS_MS);
    const left = await untilEnded(studio, [jobId], 300_000);
    const events = await eventsOf(studio, jobId);
    found.expect('the job ends', left.length === 0, { events, said: [first.output(), second.output()] });
    found.expect('one result', countOf(events, 'jobSubmitted') === 1, events);
    found.count('taken over', countOf(events, 'leaseExpired'));
    const codes = [await drained(first), await drained(second)];
    found.expect(
      'both end properly',
      codes.every((code) => code === 0),
      codes,
    );
  } finally {
    await put(first);
    await put(second);
  }
  return found.result();
}

/** Freezes an agent while a child of it works on a job; a moment without one is followed by another. */
async function frozenWhileExecuting(
  bench: AgentBench,
  agent: Command,
  work: string,
  jobType: (typeof TYPES)[number],
  random: () => number,
): Promise<{ readonly jobId: string; readonly stopped: readonly number[] }> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const jobId = await bench.addJob(jobType, 8);
    const executes = (): boolean => lookInto(work).runs.some((run) => run.jobId === jobId && run.phase === 'executing');
    const until = performance.now() + 120_000;
    while (!executes() && performance.now() < until && (await untilEnded(bench.studio, [jobId], 0)).length > 0)
      await delay(5);
    // Shorter than any of the four takes for eight seconds of film.
    await delay(random() * 120);
    const stopped = await standStill(bench, agent);
    if (executes() && stopped.length > 0) return { jobId, stopped };
    signalAll([agent.pid, ...stopped], 'SIGCONT');
    await untilEnded(bench.studio, [jobId], 120_000);
  }
  throw new Error(`No ${jobType} was caught while it was executing`);
}

/** Stops an agent, then its children: in the other order it would see them stop. Answers the children. */
async function standStill(bench: AgentBench, agent: Command): Promise<number[]> {
  const until = performance.now() + 3_000;
  let children: number[] = [];
  while (children.length === 0 && performance.now() < until) {
    children = bench.processes([agent.pid]);
    if (children.length === 0) await delay(5);
  }
  process.kill(agent.pid, 'SIGSTOP');
  children = bench.processes([agent.pid]);
  signalAll(children, 'SIGSTOP');
  return children;
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Ended by itself between the look and the signal.
    }
  }
}
