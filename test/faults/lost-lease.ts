import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, gone } from '../support/children/alive.ts';
import { processesWith, put, type Command } from '../support/command.ts';
import { lookInto } from '../support/work-folder.ts';
import { openAgentBench, proveAll, staleWrites, untilEnded, type AgentBench } from './agent-bench.ts';
import { createFindings, type Campaign, type RunResult } from './campaign.ts';

const LEASE_SECONDS = 6;
/** A lost lease ends its child within this long (docs/reliability.md). */
const CHILD_ENDS_MS = 2_000;
const BUSY = 6;
const BUSY_MINUTES = 120;
/** Seconds of film that keep a tool busy for longer than a lease. */
const FILM_SECONDS = 600;
const LOSSES = ['told by a heartbeat', 'line silent', 'nobody listens'] as const;

/** Leases are lost while six programs that are not ours want the processor, and half of the tools stand still. */
export const lostLease: Campaign = {
  name: 'lost-lease',
  proves:
    'a lease is lost in the middle of the work, by an answer or because nobody answers, beside six busy processes and with tools that stand still: the child is gone 2 s after the loss, and nothing is written under the lease',
  runs: 200,
  minutes: BUSY_MINUTES,
  lanes: 1,
  async open() {
    const bench = await openAgentBench({ leaseSeconds: LEASE_SECONDS, maxAttempts: 50 });
    const work = bench.workFolder('loser');
    await proveAll(bench, work);
    const agent = bench.launch(work);
    const busy = Array.from({ length: BUSY }, beBusy);
    return {
      run: (index, random) => lose(bench, work, agent, index, random),
      async close() {
        const found = createFindings();
        for (const child of busy) child.kill('SIGKILL');
        await put(agent);
        const stale = await staleWrites(bench.studio);
        found.expect('no stale write is accepted', stale.length === 0, stale);
        await bench.close();
        return found.result();
      },
    };
  },
};

/** Ends by itself, whatever becomes of the campaign. */
function beBusy(): ChildProcess {
  const loop = `const until = Date.now() + ${BUSY_MINUTES * 60_000}; while (Date.now() < until);`;
  return spawn(process.execPath, ['-e', loop], { stdio: 'ignore' });
}

async function lose(
  bench: AgentBench,
  work: string,
  agent: Command,
  index: number,
  random: () => number,
): Promise<RunResult> {
  const found = createFindings();
  const { studio, proxy } = bench;
  const loss = LOSSES[index % LOSSES.length] ?? 'line silent';
  const jobId = await bench.addJob('generate_video_proxies', FILM_SECONDS);
  try {
    const runId = await executing(work, jobId);
    await delay(random() * 1_000);
    // Between two tools nobody works for a moment.
    const children = await eventually(() => {
      const pids = processesWith([`RUSHCATALOG_RUN_ID=${runId}`], [agent.pid]);
      return pids.length > 0 || isOver(work, runId) ? pids : undefined;
    });
    if (children.length === 0) {
      found.count('ended before its lease was taken');
      return found.result();
    }
    const standStill = random() < 0.5;
    if (standStill) for (const pid of children) stop(pid);
    const { kind, at } = await lostAt(bench, jobId, loss);
    await gone(children);
    // A child that ends before the deadline of a silent line has not outlived anything.
    found.within(`${kind}: child gone after, ms`, Math.max(0, performance.now() - at), CHILD_ENDS_MS);
    found.count(`${kind}${standStill ? ', standing still' : ''}`);
  } finally {
    proxy.clearRules();
    proxy.set({});
    proxy.cut();
    await studio.operator.cancel(jobId);
  }
  const left = await untilEnded(studio, [jobId], 120_000);
  found.expect('the job ends', left.length === 0, { left, said: agent.output() });
  found.expect('nothing is submitted', (await studio.server.ledger({ event: 'jobSubmitted', jobId })).length === 0);
  return found.result();
}

/** So busy is the machine that the run has ended, or its lease was lost without us. */
function isOver(work: string, runId: string): boolean {
  return lookInto(work).runs.every((run) => run.runId !== runId);
}

/** The run that executes this job, once a child of it lives. */
function executing(work: string, jobId: string): Promise<string> {
  return eventually(() => {
    const run = lookInto(work).runs.find((one) => one.jobId === jobId && one.phase === 'executing');
    return run !== undefined && processesWith([`RUSHCATALOG_RUN_ID=${run.runId}`]).length > 0 && run.runId;
  });
}

/** Takes the lease away; answers when it was lost, on the clock of `performance.now()`. */
async function lostAt(
  { proxy }: AgentBench,
  jobId: string,
  kind: (typeof LOSSES)[number],
): Promise<{ readonly kind: string; readonly at: number }> {
  const asks = new RegExp(`${jobId}/(claim|heartbeat)`);
  const extendedAt = (): number => proxy.requests.findLast(({ line }) => asks.test(line))?.at ?? Number.NaN;
  if (kind === 'told by a heartbeat') {
    const before = proxy.applied();
    proxy.rule({ line: new RegExp(`${jobId}/heartbeat`), times: 1_000, kind: 'answer', head: '409 Conflict' });
    while (proxy.applied() === before) await delay(2);
    return { kind, at: performance.now() };
  }
  // A lease is counted from when it was asked for, so that no answer on its way makes it longer.
  proxy.set(kind === 'line silent' ? { halfOpen: true } : { down: true });
  if (kind === 'nobody listens') proxy.cut();
  return { kind, at: extendedAt() + LEASE_SECONDS * 1_000 };
}

function stop(pid: number): void {
  try {
    process.kill(pid, 'SIGSTOP');
  } catch {
    // Ended by itself between the look and the signal.
  }
}
