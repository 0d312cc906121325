import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CrashPoint } from '../../electron/agent/jobs/crash-point.ts';
import { JOB_TYPES, type JobType } from '../../shared/job.ts';
import type { Command } from '../support/command.ts';
import { describeProcess, put } from '../support/command.ts';
import { lookInto, namesIn, unfinishedIn } from '../support/work-folder.ts';
import {
  askedAfter,
  countOf,
  drained,
  eventsOf,
  openAgentBench,
  proveAll,
  untilEnded,
  type AgentBench,
} from './agent-bench.ts';
import { createFindings, type Campaign, type Findings } from './campaign.ts';

/** Where in the life of a job the agent dies; one of the named points, or while its child runs. */
const PHASES = {
  claiming: ['claim-intended'],
  claimed: ['claim-answered'],
  executing: [],
  executed: ['outcome-written'],
  uploading: ['upload-begun', 'part-stored', 'upload-completed'],
  reporting: ['report-fixed', 'report-answered'],
} as const satisfies Readonly<Record<string, readonly CrashPoint[]>>;
type Phase = keyof typeof PHASES;

interface Cell {
  readonly jobType: JobType;
  readonly phase: Phase;
}

/** Every phase of every job type; a transcript has no files to upload. */
export const CELLS: readonly Cell[] = JOB_TYPES.flatMap((jobType) =>
  (Object.keys(PHASES) as Phase[])
    .filter((phase) => !(phase === 'uploading' && jobType === 'transcribe_audio'))
    .map((phase) => ({ jobType, phase })),
);
const PER_CELL = 8;
/** From this run on: at a random moment with three jobs under way. */
export const AT_RANDOM = CELLS.length * PER_CELL;

const RESUME_MS = 5_000;
const CHILDREN_MS = 1_000;
/** A bound, not a promise: a busy machine takes its time. */
const ENDED_MS = 300_000;

export const killAgent: Campaign = {
  name: 'kill-agent',
  proves:
    'kill -9 of the agent in each phase of each job type: one result per job, none twice, no child after 1 s, no stray file, asked about again within 5 s of the start',
  runs: 200,
  minutes: 45,
  lanes: 2,
  async open() {
    const bench = await openAgentBench({ leaseSeconds: 20, maxPartSizeBytes: 20_000 });
    const work = bench.workFolder('killed');
    await proveAll(bench, work);
    return {
      run: (index, random) => {
        const cell = CELLS[index % CELLS.length];
        const inCell = index < AT_RANDOM && cell !== undefined;
        return inCell ? killInCell(bench, work, cell, random) : killAtRandom(bench, work, random);
      },
      async close() {
        const found = createFindings();
        const ledger = (await bench.studio.server.ledger()).map(({ event }) => event);
        found.count('leases lapsed', countOf(ledger, 'leaseExpired'));
        const parts = namesIn(join(bench.studio.folder, 'server', 'parts'));
        found.expect('no part is left at the server', parts.length === 0, parts);
        await bench.close();
        return found.result();
      },
    };
  },
};

async function killInCell(bench: AgentBench, work: string, cell: Cell, random: () => number) {
  const found = createFindings();
  const { jobType, phase } = cell;
  const jobId = await bench.addJob(jobType, phase === 'executing' ? 8 : 2);
  const points: readonly CrashPoint[] = PHASES[phase];
  const point = points[Math.floor(random() * points.length)];
  const agent = bench.launch(work, point === undefined ? {} : { env: { RUSHCATALOG_CRASH_AT: point } });
  if (point === undefined) await killWhileExecuting(agent, work, jobId, random() * 120);
  await Promise.race([agent.ended, delay(ENDED_MS, undefined, { ref: false })]);
  const { signal } = await killed(agent);
  const seen = lookInto(work).runs.find((run) => run.jobId === jobId)?.phase ?? 'none';
  found.expect(`it died ${phase}`, signal === 'SIGKILL' && fits(phase, seen), { signal, seen, said: agent.output() });
  found.count(`${jobType} ${phase}`);
  await afterDeath(bench, work, [jobId], found);
  return found.result();
}

async function killed(agent: Command): Promise<{ signal: NodeJS.Signals | null }> {
  agent.signal('SIGKILL');
  return agent.ended;
}

/** The phase as the journal names it. */
function fits(phase: Phase, seen: string): boolean {
  if (phase === 'uploading') return seen === 'executed';
  return phase === seen;
}

async function killWhileExecuting(agent: Command, work: string, jobId: string, afterMs: number): Promise<void> {
  const until = performance.now() + ENDED_MS;
  while (performance.now() < until) {
    if (lookInto(work).runs.some((run) => run.jobId === jobId && run.phase === 'executing')) break;
    await delay(15);
  }
  // Shorter than any of the four takes for eight seconds of film.
  await delay(afterMs);
  agent.signal('SIGKILL');
}

async function killAtRandom(bench: AgentBench, work: string, random: () => number) {
  const found = createFindings();
  const jobs: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    jobs.push(await bench.addJob(JOB_TYPES[Math.floor(random() * JOB_TYPES.length)] ?? 'generate_thumbnails', 4));
  }
  const agent = bench.launch(work);
  await agent.said(random() < 0.3 ? /Working for/ : /Connected/);
  await delay(random() * 2_500);
  await killed(agent);
  const held = lookInto(work).runs.map(({ jobId }) => jobId);
  found.count('at a random moment');
  found.count('jobs held at that moment', held.length);
  await afterDeath(bench, work, jobs, found, held);
  return found.result();
}

/** What a death may leave, and what the next start makes of it. */
export async function afterDeath(
  bench: AgentBench,
  work: string,
  jobs: readonly string[],
  found: Findings,
  held: readonly string[] = jobs,
): Promise<void> {
  const gone = await bench.childrenGone();
  found.within('children gone after ms', gone, CHILDREN_MS);
  found.expect('no child outlives the agent', Number.isFinite(gone), bench.processes().map(describeProcess));
  const startedAt = performance.now();
  const agent = bench.launch(work);
  try {
    if (held.length > 0) {
      const resumed = await askedAfter(bench.proxy, held, startedAt);
      found.within('resumed after ms', resumed, RESUME_MS);
      found.expect('the server is asked about what was held', Number.isFinite(resumed), agent.output());
    }
    const left = await untilEnded(bench.studio, jobs, ENDED_MS);
    found.expect('every job ends', left.length === 0, { left, said: agent.output() });
    for (const jobId of jobs) {
      const events = await eventsOf(bench.studio, jobId);
      found.count('jobs');
      found.expect('one result per job', countOf(events, 'jobSubmitted') === 1, events);
    }
    // Where the death came after the last job there is nothing that it would have had to be up for.
    await agent.said(/Connected/);
    const code = await drained(agent);
    const { runs, runFolders, integrity } = lookInto(work);
    const files = runFolders.filter((name) => !/^(proof-|accelerators)/.test(name));
    found.expect('nothing is left', runs.length + files.length === 0 && integrity === 'ok', { runs, files, integrity });
    const strays = [
      ...unfinishedIn(work),
      ...namesIn(bench.temporary).filter((name) => /^rushcatalog-\w+-/.test(name)),
    ];
    found.expect('no stray file is left', strays.length === 0, strays);
    found.expect('it ends properly', code === 0, { code, said: agent.output() });
  } finally {
    await put(agent);
  }
}
