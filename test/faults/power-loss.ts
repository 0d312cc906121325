import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureBuild, put } from '../support/command.ts';
import type { JobType } from '../../shared/job.ts';
import { countOf, drained, eventsOf, openAgentBench, proveAll, untilEnded, type AgentBench } from './agent-bench.ts';
import { createFindings, type Campaign, type Findings } from './campaign.ts';
import { PUBLISHERS, type Publisher } from './publishers.ts';
import { NO_STRACE, readStrace, sentBeforeFlushed, straced, unflushedOutputs } from './strace.ts';

const TYPES: readonly JobType[] = [
  'generate_video_proxies',
  'generate_thumbnails',
  'generate_audio_waveform',
  'transcribe_audio',
];
const ORDER_RUNS = 6;
const INJECTIONS = 24;
/** Each publisher is watched once, and once its flushes fail. */
const PUBLISHED = 2 * PUBLISHERS.length;
/** From the so-many-th flush on, at random, they fail. */
const FAILS_WITHIN = 12;
/** A report whose intent was flushed in time may still be on its way. */
const IN_FLIGHT_MS = 1_000;

/** The order in which things reach the disk, seen by strace, and flushes that fail. */
export const powerLoss: Campaign = {
  name: 'power-loss',
  proves:
    'write → fsync → rename → fsync of the folder for every published output, model, export, token and settings file, and every commit flushed before anything is sent; an injected fsync error never leads to “done”',
  runs: ORDER_RUNS + INJECTIONS + PUBLISHED,
  minutes: 60,
  lanes: 1,
  lacks: () => NO_STRACE,
  async open() {
    ensureBuild();
    const bench = await openAgentBench({ leaseSeconds: 6, maxAttempts: 1_000 });
    const work = bench.workFolder('flushed');
    await proveAll(bench, work);
    return {
      run(index, random) {
        if (index < ORDER_RUNS) return watchOrder(bench, work, index);
        const published = index - ORDER_RUNS - INJECTIONS;
        const publisher = PUBLISHERS[published % PUBLISHERS.length];
        if (published < 0 || publisher === undefined)
          return failFlush(bench, work, TYPES[index % TYPES.length] ?? 'generate_thumbnails', random);
        const from = published < PUBLISHERS.length ? undefined : 1 + Math.floor(random() * FAILS_WITHIN);
        return watchPublisher(bench, publisher, index, from);
      },
      async close() {
        await bench.close();
        return createFindings().result();
      },
    };
  },
};

/** One job of each type, every system call watched. */
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
    found.count(
      'commits',
      calls.filter(({ name, target }) => /^f(data)?sync$/.test(name) && target.endsWith('-wal')).length,
    );
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

/** Any other program that publishes something; with `failsFrom`, its flushes fail from that one on. */
async function watchPublisher(bench: AgentBench, publisher: Publisher, index: number, failsFrom: number | undefined) {
  const found = createFindings();
  const { name, atLeast } = publisher;
  const place = join(bench.studio.folder, `published-${index}`);
  mkdirSync(place);
  const trace = `${place}.strace`;
  const inject = failsFrom === undefined ? undefined : `fsync,fdatasync:error=EIO:when=${failsFrom}+`;
  const under = straced(trace, inject);
  const done = await publisher.publish(bench, place, { under, limitMs: inject === undefined ? 240_000 : 40_000 });
  const calls = readStrace(trace);
  const isOutput = (path: string): boolean => publisher.isOutput(path, place);
  const published = calls.filter((call) => call.name.startsWith('rename') && call.ok && isOutput(call.paths[1] ?? ''));
  const unflushed = unflushedOutputs(calls, isOutput, false);
  if (failsFrom === undefined) {
    found.count('files published elsewhere', published.length);
    found.expect(`${name}: it is done`, done);
    found.expect(`${name}: its files are seen`, published.length >= atLeast, published.length);
    found.expect(`${name}: each is flushed, renamed, and its folder flushed`, unflushed.length === 0, unflushed);
    return found.result();
  }
  const failed = calls.filter(({ injected }) => injected).length;
  found.count('fsync errors injected', failed);
  if (done && failed > 0) found.count('done before a flush failed');
  found.expect(`${name}: what is said to be done was flushed`, !done || unflushed.length === 0, {
    failsFrom,
    unflushed,
  });
  return found.result();
}

/** At a random moment of a job every flush of its agent begins to fail: nothing may become "done" from then on. */
async function failFlush(bench: AgentBench, work: string, jobType: JobType, random: () => number) {
  const found = createFindings();
  const { studio } = bench;
  const agent = bench.launch(work);
  let jobId = '';
  try {
    await agent.said(/Connected/);
    // Half of them before the job is there: then not even the claim may be made.
    const early = random() < 0.5;
    if (!early) jobId = await bench.addJob(jobType, 4);
    await delay(early ? 0 : random() * 6_000);
    const trace = join(studio.folder, `inject-${agent.pid}.strace`);
    const strace = spawn('strace', [...straced(trace, 'fsync,fdatasync:error=EIO'), '-p', String(agent.pid)], {
      stdio: 'ignore',
    });
    const attached = await attachedTo(agent.pid);
    found.expect('strace is attached', attached);
    const failsSince = Date.now();
    if (early) jobId = await bench.addJob(jobType, 1);
    const until = performance.now() + 20_000;
    while (performance.now() < until && !(await reported(bench, jobId))) await delay(100);
    strace.kill('SIGTERM');
    await new Promise((resolve) => strace.once('exit', resolve));
    found.count('fsync errors injected', readStrace(trace).filter(({ injected }) => injected).length);
    const submits = await studio.server.ledger({ jobId, event: 'jobSubmitted' });
    const wrong = submits.filter(({ at }) => at > failsSince + IN_FLIGHT_MS);
    found.expect('nothing is done after a flush failed', wrong.length === 0, await eventsOf(studio, jobId));
  } finally {
    await put(agent);
  }
  await endsOnAGoodDisk(bench, work, jobId, found);
  return found.result();
}

async function attachedTo(pid: number): Promise<boolean> {
  for (let n = 0; n < 400; n += 1) {
    if (!/TracerPid:\t0\n/.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return true;
    await delay(25);
  }
  return false;
}

/** The next start, on a disk that flushes again, ends the job properly. */
async function endsOnAGoodDisk(bench: AgentBench, work: string, jobId: string, found: Findings): Promise<void> {
  const agent = bench.launch(work);
  try {
    const left = await untilEnded(bench.studio, [jobId], 300_000);
    const events = await eventsOf(bench.studio, jobId);
    found.expect(
      'it is done once the disk flushes again',
      left.length === 0 && countOf(events, 'jobSubmitted') === 1,
      events,
    );
    await drained(agent);
  } finally {
    await put(agent);
  }
}

async function reported(bench: AgentBench, jobId: string): Promise<boolean> {
  const events = await eventsOf(bench.studio, jobId);
  return events.includes('jobSubmitted') || events.includes('jobFailed');
}
