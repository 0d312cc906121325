import { setTimeout as delay } from 'node:timers/promises';
import type { AgentEntry } from '../../shared/wire.ts';
import { eventually } from '../support/children/alive.ts';
import { describeProcess, processesWith, put, type Command } from '../support/command.ts';
import { addClips, proveOnce, tally } from '../support/studio.ts';
import { lookInto } from '../support/work-folder.ts';
import { openAgentBench, untilEnded, type AgentBench } from './agent-bench.ts';
import { openAgentPage } from './agent-page.ts';
import { createFindings, type Campaign, type RunResult } from './campaign.ts';

const GRACE_SECONDS = 2;
const MOMENTS_AMONG = 5;
const WITHDRAWN_MS = 2_000;
const HURRIED_MS = 2_000;
const LAST_CLAIM_MS = 100;
const THUMBNAILS = 'media.thumbnails@1';

/** What is promised in seconds about stopping: `npm test` takes a slice of it and does not look at the seconds. */
export const inTime: Campaign = {
  name: 'in-time',
  proves:
    'SIGTERM at random moments ends the agent within its grace and 2 s, and it claims nothing 100 ms after; a second one ends it within 2 s, also offline; what is switched off is withdrawn within 2 s',
  runs: 40,
  minutes: 30,
  lanes: 1,
  async open() {
    const rig = await openRig();
    return {
      run(index, random) {
        const turn = index % MOMENTS_AMONG;
        if (turn === 0) return askedTwice(rig, index, index % 2 === 1);
        if (turn === 1) return switchedOff(rig, index);
        return askedOnce(rig, random);
      },
      close: () => closed(rig),
    };
  },
};

export interface Rig {
  readonly bench: AgentBench;
  readonly work: string;
  launch(work: string, ...more: readonly string[]): Command;
}

export async function openRig(): Promise<Rig> {
  const bench = await openAgentBench();
  const launch = (work: string, ...more: readonly string[]): Command =>
    bench.launch(work, { arguments: ['--grace', String(GRACE_SECONDS), ...more] });
  const work = bench.workFolder('drained', [THUMBNAILS, 'audio.waveform@1']);
  await proveOnce(bench.studio, () => launch(work));
  return { bench, work, launch };
}

/** SIGTERM at a random moment, a third of them while it still starts. */
export async function askedOnce({ bench, work, launch }: Rig, random: () => number): Promise<RunResult> {
  const found = createFindings();
  const { operator } = bench.studio;
  for (const path of await addClips(bench.studio.media, 3, 4)) await operator.job(path, 'generate_thumbnails');
  const agent = launch(work);
  await agent.said(random() < 0.3 ? /Working for/ : /Connected/);
  await delay(random() * 700);
  const asked = performance.now();
  agent.signal('SIGTERM');
  const { code } = await agent.ended;
  found.within('SIGTERM: ended after, ms', performance.now() - asked, GRACE_SECONDS * 1_000 + 2_000);
  for (const { line, at } of bench.proxy.requests) {
    if (line.endsWith('/claim') && at > asked) found.within('claimed after SIGTERM, ms', at - asked, LAST_CLAIM_MS);
  }
  found.expect('it ends properly', code === 0, { code, said: agent.output() });
  await allGone(bench);
  const { runs, runFolders, integrity } = lookInto(work);
  // A proof that was broken off may leave its folder to the next start; a job may not.
  const files = runFolders.filter((name) => !/^(proof-|accelerators)/.test(name));
  found.expect('nothing is left', runs.length + files.length === 0 && integrity === 'ok', { runs, files, integrity });
  const claimed = (await operator.jobs()).filter(({ status }) => status === 'claimed');
  found.expect('no job is left claimed', claimed.length === 0, claimed);
  return found.result();
}

/** A second SIGTERM while the tool of a job stands still, so that no grace is long enough. */
export async function askedTwice({ bench, launch }: Rig, index: number, offline: boolean): Promise<RunResult> {
  const found = createFindings();
  const { studio, proxy } = bench;
  for (const { job_id, status } of await studio.operator.jobs()) {
    if (status === 'pending') await studio.operator.cancel(job_id);
  }
  const work = bench.workFolder(`hurried-${index}-${offline ? 'offline' : 'online'}`, [THUMBNAILS]);
  const jobId = await bench.addJob('generate_thumbnails', 4);
  const agent = launch(work);
  await eventually(() => {
    const run = lookInto(work).runs.find(({ phase }) => phase === 'executing');
    if (run === undefined) return false;
    // The job's own, not one of a proof that runs beside it.
    return processesWith([`RUSHCATALOG_RUN_ID=${run.runId}`], [agent.pid])
      .map(standStill)
      .includes(true);
  });
  if (offline) proxy.set({ halfOpen: true });
  agent.signal('SIGTERM');
  await delay(300);
  const asked = performance.now();
  agent.signal('SIGTERM');
  const { code } = await agent.ended;
  found.within(`second SIGTERM${offline ? ' offline' : ''}: ended after, ms`, performance.now() - asked, HURRIED_MS);
  proxy.set({});
  proxy.cut();
  found.expect('it ends properly', code === 0, { code, said: agent.output() });
  await allGone(bench);
  const given = (await studio.server.ledger({ event: 'jobGivenBack', jobId })).length;
  found.expect('the job is given back, unless nobody hears it', given === (offline ? 0 : 1), given);
  const phases = lookInto(work).runs.map(({ phase }) => phase);
  // What could not be said is owed: the journal keeps the report.
  found.expect('what was not said is owed', phases.join() === (offline ? 'reporting' : ''), phases);
  const job = (await studio.operator.jobs()).find(({ job_id }) => job_id === jobId);
  if (job !== undefined && job.status !== 'failed') await studio.operator.cancel(jobId);
  return found.result();
}

async function switchedOff({ bench, launch }: Rig, index: number): Promise<RunResult> {
  const found = createFindings();
  const work = bench.workFolder(`switched-${index}`, [THUMBNAILS]);
  const name = `switched-${index}`;
  const agent = launch(work, '--web', '0', '--name', name);
  try {
    const page = await openAgentPage(agent, work);
    const declared = async (): Promise<readonly string[]> => {
      const { items } = await bench.studio.operator.call<{ items: AgentEntry[] }>('/agents');
      return items.find((entry) => entry.agent_name === name)?.capabilities ?? [];
    };
    while (!(await declared()).includes(THUMBNAILS)) await delay(20);
    const asked = performance.now();
    found.expect('it obeys', await page.call('setCapability', { capability: THUMBNAILS, enabled: false }));
    while ((await declared()).length > 0) await delay(5);
    found.within('switched off: withdrawn after, ms', performance.now() - asked, WITHDRAWN_MS);
  } finally {
    await put(agent);
  }
  return found.result();
}

export async function closed({ bench }: Rig): Promise<RunResult> {
  const found = createFindings();
  const jobs = (await bench.studio.operator.jobs()).filter(({ status }) => status === 'pending');
  const agent = bench.launch(bench.workFolder('last', [THUMBNAILS, 'audio.waveform@1']));
  const left = await untilEnded(
    bench.studio,
    jobs.map(({ job_id }) => job_id),
    300_000,
  );
  await put(agent);
  const { submitted, doubles } = tally(await bench.studio.server.ledger());
  found.count('submitted', submitted.size);
  found.expect('every job ends', left.length === 0, left);
  found.expect('no result is there twice', doubles.length === 0, doubles);
  await bench.close();
  return found.result();
}

/** What is killed last may still be on its way out when the agent is gone. */
async function allGone(bench: AgentBench): Promise<void> {
  await eventually(
    () => bench.processes().length === 0,
    () => `Still alive: ${bench.processes().map(describeProcess).join('\n')}`,
  );
}

/** False when the process had ended before it could be stopped. */
function standStill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGSTOP');
    return true;
  } catch {
    return false;
  }
}
