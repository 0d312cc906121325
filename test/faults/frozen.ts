import { setTimeout as delay } from 'node:timers/promises';
import { goneAfter, isAlive } from '../support/children/alive.ts';
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
  const jobId = await bench.addJob(jobType, 8);
  const first = bench.launch(works[0]);
  let second: Command | undefined;
  try {
    await executing(works[0], jobId);
    await delay(random() * 300);
    const stopped = await standStill(bench, first);
    found.count('children frozen', stopped.length);
    second = bench.launch(works[1]);
    await delay(FROZEN_MS);
    const living = stopped.filter(isAlive);
    for (const pid of [first.pid, ...living]) process.kill(pid, 'SIGCONT');
    const ms = (await goneAfter(living, 10_000)) ?? Number.POSITIVE_INFINITY;
    if (living.length > 0) found.worst('children gone after SIGCONT, ms', ms);
    found.expect('its children end within 2 s', ms < CHILD_ENDS_MS, ms);
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

async function executing(work: string, jobId: string): Promise<void> {
  const until = performance.now() + 120_000;
  while (performance.now() < until) {
    if (lookInto(work).runs.some((run) => run.jobId === jobId && run.phase === 'executing')) return;
    await delay(15);
  }
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
  for (const pid of children) {
    try {
      process.kill(pid, 'SIGSTOP');
    } catch {
      // Ended by itself between the look and the signal.
    }
  }
  return children;
}
