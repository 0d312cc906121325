import { deepEqual, equal, ok } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CRASH_POINTS, type CrashPoint } from '../../../electron/agent/jobs/crash-point.ts';
import { JOB_TYPES, type JobType } from '../../../shared/job.ts';
import { h264Clip } from '../../support/made-media.ts';
import { ledgerOnDisk, seeded, tally } from '../../support/studio.ts';
import { lookInto } from '../../support/work-folder.ts';
import type { AtConsole, Desk } from '../desk.ts';
import { put } from '../expect.ts';
import { openStudio, type WindowsStudio } from '../studio.ts';
import type { Group, Table } from '../table.ts';
import { PATIENCE_MS } from '../wine.ts';

const JOBS = 40;
const KILLS = 20;
/** As long as what the kernel ends with the agent, and the supervisor, may take on a busy machine. */
const ORPHANS_MS = 10_000;
const SEED = 12;

type Part = (table: Table, desk: Desk, studio: WindowsStudio, only: readonly number[]) => Promise<void>;

/** Both have a server, an agent whose proofs are remembered, and a ledger to be audited. */
function group(name: string, about: string, part: Part): Group {
  return {
    name,
    about,
    async run(table, desk) {
      put(await h264Clip({ name: 'small-2.mp4', seconds: 2, size: '160x90' }), desk.unix('D:\\kills\\short.mp4'));
      put(await h264Clip({ name: 'long-20.mp4', seconds: 20, size: '1280x720' }), desk.unix('D:\\kills\\long.mp4'));
      const studio = await openStudio(desk, name);
      const server = await studio.server.pid;
      const only = (await desk.processes()).map(({ pid }) => pid);
      ok(only.includes(server));
      await proveOnce(studio);
      await part(table, desk, studio, only);
      await studio.close();
      await table.check('every job has one result in the ledger', () => {
        const { submitted, doubles } = tally(ledgerOnDisk(studio.dataDir));
        deepEqual(doubles, []);
        ok(submitted.size > JOB_TYPES.length, String(submitted.size));
      });
    },
  };
}

export const phases: Group = group(
  'phases',
  'TerminateProcess of the agent at each point of a job’s life and while each kind of tool runs',
  inPhases,
);

export const kills: Group = group(
  'kills',
  `TerminateProcess ${KILLS} times over ${JOBS} jobs: nothing lost, double or left`,
  manyTimes,
);

/** Proofs are remembered, so that no start of the others waits for them. */
async function proveOnce(studio: WindowsStudio): Promise<void> {
  const jobs = await Promise.all(JOB_TYPES.map((type) => studio.operator.job('rushes/kills/short.mp4', type)));
  const agent = studio.agent('work');
  await studio.connected(agent);
  await studio.ended(jobs);
  agent.press('ctrl-c');
  await agent.ended;
}

/** `elsewhere`: another machine is there, too, for what was set aside on this one after three crashes. */
async function goesOn(desk: Desk, studio: WindowsStudio, jobs: readonly string[], elsewhere = false): Promise<void> {
  const agent = studio.agent('work');
  const other = elsewhere ? studio.agent('elsewhere') : null;
  // Before it listens, a key pressed in its console is lost.
  await studio.connected(agent);
  if (other !== null) await studio.connected(other);
  await studio.ended(jobs);
  agent.press('ctrl-c');
  equal((await agent.ended).code, 0, agent.output());
  other?.press('ctrl-c');
  await other?.ended;
  const all = await studio.operator.jobs();
  deepEqual(
    all.filter(({ job_id, status }) => job_id !== undefined && jobs.includes(job_id) && status !== 'completed'),
    [],
  );
  const { runs, integrity } = lookInto(desk.unix(studio.workFolder('work')));
  deepEqual([runs, integrity], [[], 'ok']);
  deepEqual(
    readdirSync(desk.unix(`${studio.workFolder('work')}\\runs`)).filter(
      (name) => !/^(?:proof-|accelerators)/.test(name),
    ),
    [],
  );
}

async function inPhases(table: Table, desk: Desk, studio: WindowsStudio, only: readonly number[]): Promise<void> {
  const orphans = async (): Promise<void> => deepEqual(await desk.leftAfter(ORPHANS_MS, only), []);
  const died = async (point: CrashPoint): Promise<string> => {
    const jobId = await studio.operator.job('rushes/kills/short.mp4', 'generate_video_proxies');
    const agent = studio.agent('work', [], { faults: true, env: { RUSHCATALOG_CRASH_AT: point } });
    const { code } = await agent.ended;
    ok(code !== 0, `it ended by itself: ${agent.output()}`);
    return jobId;
  };
  for (const point of CRASH_POINTS) {
    await table.check(`ended at “${point}”: no orphan, and the next agent makes one result`, async () => {
      const jobId = await died(point);
      await orphans();
      await goesOn(desk, studio, [jobId]);
    });
  }
  for (const jobType of JOB_TYPES) {
    await table.check(`ended while a tool runs for ${jobType}: no orphan, and one result`, async () => {
      const jobId = await studio.operator.job('rushes/kills/long.mp4', jobType);
      const agent = studio.agent('work');
      await whileWorking(desk, studio, agent, jobType, jobId);
      await desk.end(await agent.pid);
      await agent.ended;
      await orphans();
      await goesOn(desk, studio, [jobId]);
    });
  }
  await table.check('the supervisor ended first, then the agent: no orphan', async () => {
    const jobId = await studio.operator.job('rushes/kills/long.mp4', 'generate_video_proxies');
    const agent = studio.agent('work');
    await whileWorking(desk, studio, agent, 'generate_video_proxies', jobId);
    const pid = await agent.pid;
    // One Node below the agent, and no tool, has no children: the supervisor, or the media worker.
    for (const each of await desk.processes()) {
      if (each.parent === pid && each.name.toLowerCase() === 'node.exe')
        await desk.end(each.pid).catch(() => undefined);
    }
    await desk.end(pid);
    await agent.ended;
    await orphans();
    await goesOn(desk, studio, [jobId]);
  });
}

/** Until the job's tool is at work. */
async function whileWorking(
  desk: Desk,
  studio: WindowsStudio,
  agent: AtConsole,
  jobType: JobType,
  jobId: string,
): Promise<void> {
  await studio.connected(agent);
  const isTool = (name: string): boolean =>
    jobType === 'transcribe_audio' ? /^(?:ffmpeg|node)\.exe$/i.test(name) : /^ffmpeg\.exe$/i.test(name);
  const pid = await agent.pid;
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await delay(50)) {
    const claimed = (await studio.operator.jobs()).some(
      ({ job_id, status }) => job_id === jobId && status === 'claimed',
    );
    if (claimed && (await desk.processes()).some(({ name, parent }) => isTool(name) && parent === pid)) return;
  }
  // The next check begins with its own.
  await desk.end(pid);
  throw new Error(`It never worked on it: ${agent.output()}`);
}

async function manyTimes(table: Table, desk: Desk, studio: WindowsStudio, only: readonly number[]): Promise<void> {
  const random = seeded(SEED);
  const jobs: string[] = [];
  for (let number = 0; number < JOBS; number += 1) {
    const jobType = JOB_TYPES[number % JOB_TYPES.length] ?? 'generate_thumbnails';
    jobs.push(await studio.operator.job('rushes/kills/short.mp4', jobType));
  }
  const work = desk.unix(studio.workFolder('work'));
  const left: string[] = [];
  let withWork = 0;
  for (let number = 0; number < KILLS; number += 1) {
    const agent = studio.agent('work');
    await studio.connected(agent);
    // What another life left claimed is taken up at once; a free one is claimed within a moment.
    for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await delay(50)) {
      if (lookInto(work).runs.some(({ phase }) => phase === 'executing')) break;
    }
    await delay(random() * 2_500);
    await desk.end(await agent.pid);
    await agent.ended;
    withWork += lookInto(work).runs.length > 0 ? 1 : 0;
    for (const orphan of await desk.leftAfter(ORPHANS_MS, only)) left.push(`${orphan.name} ${orphan.pid}`);
  }
  table.note(`${KILLS} kills, ${withWork} of them with a job in the agent’s hands`);
  await table.check(`${JOBS} jobs, ${KILLS} kills: no orphan in Wine’s list`, () => deepEqual(left, []));
  await table.check(`${JOBS} jobs, ${KILLS} kills: none lost`, () => goesOn(desk, studio, jobs, true));
}
