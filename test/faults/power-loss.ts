import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { put } from '../support/command.ts';
import type { JobType } from '../../shared/wire.ts';
import { countOf, drained, eventsOf, openAgentBench, proveAll, untilEnded, type AgentBench } from './agent-bench.ts';
import { createFindings, type Campaign } from './campaign.ts';
import { NO_STRACE, readStrace, sentBeforeFlushed, straced, unflushedOutputs } from './strace.ts';

const TYPES: readonly JobType[] = ['generate_video_proxies', 'generate_thumbnails', 'generate_audio_waveform'];
const ORDER_RUNS = 6;
const INJECTIONS = 24;

/** The order in which things reach the disk, seen by strace, and flushes that fail. */
export const powerLoss: Campaign = {
  name: 'power-loss',
  proves:
    'write → fsync → rename → fsync of the folder for every published output, and every commit flushed before anything is sent; an injected fsync error never leads to “done”',
  runs: ORDER_RUNS + INJECTIONS,
  minutes: 30,
  lanes: 1,
  lacks: () => NO_STRACE,
  async open() {
    const bench = await openAgentBench({ leaseSeconds: 6, maxAttempts: 1_000 });
    const work = bench.workFolder('flushed');
    await proveAll(bench, work);
    return {
      run: (index, random) =>
        index < ORDER_RUNS
          ? watchOrder(bench, work, index)
          : failFlush(bench, work, TYPES[index % TYPES.length] ?? 'generate_thumbnails', index % 2 === 0, random),
      async close() {
        await bench.close();
        return createFindings().result();
      },
    };
  },
};

/** One job of each type that has files, every system call watched. */
async function watchOrder(bench: AgentBench, work: string, index: number) {
  const found = createFindings();
  const trace = join(bench.studio.folder, `order-${index}.strace`);
  const jobs: string[] = [];
  for (const jobType of TYPES) jobs.push(await bench.addJob(jobType, 1));
  const agent = bench.launch(work, { under: straced(trace), arguments: ['--parallel', '1'] });
  try {
    const left = await untilEnded(bench.studio, jobs, 240_000);
    found.expect('every job ends', left.length === 0, agent.output());
    await drained(agent);
    const calls = readStrace(trace);
    const runs = join(work, 'runs');
    const isOutput = (path: string): boolean => path.startsWith(runs);
    const published = calls.filter(({ name, paths }) => name.startsWith('rename') && isOutput(paths[1] ?? ''));
    found.count('published outputs', published.length);
    found.count('commits', calls.filter(({ name, target }) => name === 'fdatasync' && target.endsWith('-wal')).length);
    found.expect('outputs and commits are seen', published.length >= 12, published.length);
    const unflushed = unflushedOutputs(calls, isOutput);
    found.expect('every output is flushed, renamed, and its folder flushed', unflushed.length === 0, unflushed);
    const early = sentBeforeFlushed(calls);
    found.expect('nothing is sent before its commit is flushed', early.length === 0, early);
  } finally {
    await put(agent);
  }
  return found.result();
}

/** From some call on, every flush of outputs (or of the journal) fails: the job must not become "done" by it. */
async function failFlush(bench: AgentBench, work: string, jobType: JobType, ofOutputs: boolean, random: () => number) {
  const found = createFindings();
  const { studio } = bench;
  const trace = join(studio.folder, `inject-${Math.floor(random() * 1e9)}.strace`);
  const jobId = await bench.addJob(jobType, 1);
  const call = ofOutputs ? 'fsync' : 'fdatasync';
  const from = ofOutputs ? 1 : 1 + Math.floor(random() * 12);
  const agent = bench.launch(work, { under: straced(trace, `${call}:error=EIO:when=${from}+`) });
  try {
    const until = performance.now() + 60_000;
    while (performance.now() < until && !(await reported(bench, jobId)) && !agentEnded(agent.output()))
      await delay(100);
    await delay(500);
  } finally {
    await put(agent);
  }
  const injected = existsSync(trace) ? readStrace(trace).filter(({ injected: yes }) => yes) : [];
  const [first] = injected;
  found.count(`${call} errors injected`, injected.length);
  const submits = await studio.server.ledger({ jobId, event: 'jobSubmitted' });
  const after = submits.filter(({ at }) => first !== undefined && at / 1_000 > first.at + 0.01);
  if (ofOutputs)
    found.expect('no output that was not flushed is submitted', submits.length === 0, await eventsOf(studio, jobId));
  else found.expect('nothing is submitted after a commit failed', after.length === 0, await eventsOf(studio, jobId));
  // The next start, on a disk that flushes again, ends the job properly.
  const second = bench.launch(work);
  try {
    const left = await untilEnded(studio, [jobId], 300_000);
    const events = await eventsOf(studio, jobId);
    found.expect(
      'it is done once the disk flushes again',
      left.length === 0 && countOf(events, 'jobSubmitted') === 1,
      events,
    );
    await drained(second);
  } finally {
    await put(second);
  }
  return found.result();
}

async function reported(bench: AgentBench, jobId: string): Promise<boolean> {
  const events = await eventsOf(bench.studio, jobId);
  return events.includes('jobSubmitted') || events.includes('jobFailed');
}

const agentEnded = (output: string): boolean => /\[WORK_FOLDER_UNUSABLE\]|\[JOURNAL_DAMAGED\]|Stopping/.test(output);
