import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { put, type Command } from '../support/command.ts';
import type { Faults, Rule } from '../support/fault-proxy.ts';
import { countOf, drained, eventsOf, openAgentBench, staleWrites, untilEnded, type AgentBench } from './agent-bench.ts';
import { createFindings, type Campaign } from './campaign.ts';

const MINUTES = 30;
const JOBS = 40;
const PENDING_MS = 60_000;
/** What is still to be done once the line is well. A bound, not a promise: a busy machine takes its time. */
const ENDED_MS = 900_000;
const OFFLINE_CPU = 0.1;
const OFFLINE_MS = 12_000;
/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** Each run is one minute of random faults between one agent and its server; 40 jobs are spread over a full campaign. */
export const network: Campaign = {
  name: 'network',
  proves:
    '30 minutes of random network faults over 40 jobs: none lost, none done twice, no call pending over 60 s, CPU below 10 % while offline',
  runs: MINUTES,
  minutes: 45,
  lanes: 1,
  async open() {
    const bench = await openAgentBench({ leaseSeconds: 6, maxPartSizeBytes: 20_000, maxAttempts: 200 });
    const agent = bench.launch(bench.workFolder('connected', ['media.thumbnails@1', 'audio.waveform@1']));
    await agent.said(/Connected/);
    const jobs: string[] = [];
    return {
      async run(index, random) {
        const found = createFindings();
        const wanted = Math.round(((index + 1) * JOBS) / MINUTES) - Math.round((index * JOBS) / MINUTES);
        for (let n = 0; n < wanted; n += 1) {
          jobs.push(await bench.addJob(random() < 0.5 ? 'generate_thumbnails' : 'generate_audio_waveform', 4));
        }
        const until = performance.now() + 60_000;
        // Nobody listens, or nobody answers: an agent must not be busier for the one than for the other.
        const away = index % 2 === 0 ? { down: true } : { halfOpen: true };
        if (index % 3 === 0) found.worst('CPU while offline, %', await offline(bench, agent, away));
        while (performance.now() < until) await oneFault(bench, random);
        heal(bench);
        found.count('minutes');
        found.expect('the agent lives', agent.output() !== '' && bench.processes().includes(agent.pid));
        const wait = bench.proxy.longestWait();
        found.worst('longest wait for an answer, s', wait / 1_000);
        found.expect('no call is pending for more than 60 s', wait < PENDING_MS, wait);
        const cpu = found.result().highest?.['CPU while offline, %'] ?? 0;
        found.expect('CPU stays below 10 % while offline', cpu < OFFLINE_CPU * 100, cpu);
        return found.result();
      },
      async close() {
        const found = createFindings();
        heal(bench);
        const left = await untilEnded(bench.studio, jobs, ENDED_MS);
        found.expect('no job is lost', left.length === 0, { left, said: agent.output().slice(-1_000) });
        for (const jobId of jobs) {
          const events = await eventsOf(bench.studio, jobId);
          found.count('jobs');
          found.count('leases lapsed', countOf(events, 'leaseExpired'));
          found.expect('one result per job', countOf(events, 'jobSubmitted') === 1, events);
        }
        const stale = await staleWrites(bench.studio);
        found.expect('no stale write is accepted', stale.length === 0, stale);
        found.expect('the agent ends properly', (await drained(agent)) === 0);
        await put(agent);
        await bench.close();
        return found.result();
      },
    };
  },
};

function heal({ proxy }: AgentBench): void {
  proxy.set({});
  proxy.clearRules();
  proxy.cut();
}

async function oneFault({ proxy }: AgentBench, random: () => number): Promise<void> {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const faults = pick<Faults>([
    {},
    {},
    { down: true },
    { halfOpen: true },
    { latencyMs: 20 + random() * 1_500 },
    { slice: 7 + Math.floor(random() * 500) },
    { bytesPerSecond: 2_000 + random() * 20_000 },
    { latencyMs: 100, slice: 100 },
  ]);
  proxy.set(faults);
  if (random() < 0.6) {
    const line = pick([
      /\/jobs$/,
      /\/claim$/,
      /\/heartbeat$/,
      /\/submit$/,
      /\/upload\/init$/,
      /\/upload\/part$/,
      /\/upload\/complete$/,
    ]);
    const kind = pick<Rule['kind']>(['swallow', 'mute', 'cut-after', 'answer']);
    proxy.rule({
      line,
      times: 1 + Math.floor(random() * 3),
      kind,
      bytes: Math.floor(random() * 3_000),
      head: '503 Down',
    });
  }
  if (random() < 0.3) proxy.cut();
  await delay(500 + random() * 7_000);
  if (random() < 0.5) proxy.clearRules();
  // What was half-open stays silent for ever, as behind a pulled cable; a new connection is not.
  proxy.set({});
}

/** Share of one processor, in %, that the agent itself uses while nobody answers. */
async function offline(bench: AgentBench, agent: Command, away: Faults): Promise<number> {
  bench.proxy.set(away);
  bench.proxy.cut();
  await delay(3_000);
  const before = cpuMs(agent.pid);
  const begun = performance.now();
  await delay(OFFLINE_MS);
  const share = (cpuMs(agent.pid) - before) / (performance.now() - begun);
  bench.proxy.set({});
  return share * 100;
}

/** User and system time of a process without its children, ms. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
