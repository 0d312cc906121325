import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { onPostgres } from '../support/postgres.ts';
import type { JobsSummary, OperatorJob } from '../../shared/wire.ts';
import {
  claimAndSubmit,
  claimJob,
  claimNew,
  newJob,
  registerAgent,
  startRig,
  type ClaimedJob,
  type MadeJob,
  type Rig,
} from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

interface Page<T> {
  readonly items: T[];
  readonly next_cursor?: string;
}

const offersOf = async (agentId: string): Promise<string[]> =>
  (await rig.agent<Page<{ job_id: string }>>('/jobs', { agentId })).body.items.map(({ job_id }) => job_id);

const summary = async (): Promise<JobsSummary> => (await rig.operator<JobsSummary>('/jobs/summary')).body;

test('one agent alone is offered jobs in their order, several agents begin apart and see the same', async () => {
  rig = await startRig();
  const jobs: string[] = [];
  for (let index = 0; index < 9; index += 1) jobs.push((await newJob(rig)).jobId);
  expect(await offersOf(rig.agentId)).toEqual(jobs);
  const others = [randomUUID(), randomUUID()];
  const agents = [rig.agentId];
  for (const installation of others) agents.push(await registerAgent(rig, installation, ['media.thumbnails@1']));
  const seen = [];
  for (const agent of agents) seen.push(await offersOf(agent));
  for (const offers of seen) expect(offers.toSorted()).toEqual(jobs.toSorted());
  expect(seen.map((offers) => jobs.indexOf(offers[0] ?? '')).sort()).toEqual([0, 3, 6]);
});

test('a higher priority comes first for every agent', async () => {
  rig = await startRig();
  const low = [await newJob(rig), await newJob(rig), await newJob(rig)];
  const high = [await newJob(rig, 'generate_thumbnails', { priority: 5 })];
  const other = await registerAgent(rig, randomUUID(), ['media.thumbnails@1']);
  for (const agent of [rig.agentId, other]) {
    const offers = await offersOf(agent);
    expect(offers[0]).toBe(high[0]?.jobId);
    expect(offers.slice(1).toSorted()).toEqual(low.map(({ jobId }) => jobId).toSorted());
  }
});

test.skipIf(onPostgres)(
  'offers are read from an index that begins with what a job needs, and nothing is sorted',
  async () => {
    rig = await startRig();
    await newJob(rig);
    await rig.server.close();
    const database = new DatabaseSync(join(rig.dataDir, 'catalog.db'));
    const plan = database
      .prepare(
        `EXPLAIN QUERY PLAN SELECT * FROM job WHERE status = 'pending' AND needs = ?
        AND not_before IS NULL AND held = 0 ORDER BY priority DESC, sequence ASC LIMIT 51`,
      )
      .all('["media.thumbnails@1"]') as { detail: string }[];
    const claimed = database.prepare(`EXPLAIN QUERY PLAN SELECT count(*) FROM lease WHERE agent_id = ?`).all('a') as {
      detail: string;
    }[];
    database.close();
    expect(plan.map(({ detail }) => detail)).toEqual(['SEARCH job USING INDEX job_due (needs=?)']);
    expect(claimed.map(({ detail }) => detail)).toEqual([
      'SEARCH lease USING COVERING INDEX lease_of_agent (agent_id=?)',
    ]);
    await rig.restart();
  },
);

test('the counters follow every change of a job', async () => {
  rig = await startRig();
  const counted = async (): Promise<void> => {
    const { items } = (await rig.operator<Page<OperatorJob>>('/jobs/all?limit=500')).body;
    const by = (status: string): number => items.filter((job) => job.status === status).length;
    const wanted = { pending: by('pending'), claimed: by('claimed'), completed: by('completed'), failed: by('failed') };
    expect((await summary()).by_status).toEqual(wanted);
  };
  await counted();
  const made: MadeJob[] = [];
  for (let index = 0; index < 6; index += 1) made.push(await newJob(rig, 'generate_thumbnails'));
  await counted();
  const held: ClaimedJob[] = [];
  for (const job of made.slice(0, 3)) held.push(await claimJob(rig, job));
  await counted();
  const [first, second, third] = held;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three jobs were claimed');
  await claimAndSubmit(rig, first);
  const failure = { lock_token: second.lockToken, error_code: 'UNSUPPORTED_MEDIA', message: 'no', retryable: false };
  await rig.agent(`/jobs/${second.jobId}/fail`, { body: failure });
  await counted();
  const back = { lock_token: third.lockToken, error_code: 'PREEMPTED', message: 'later', retryable: true };
  await rig.agent(`/jobs/${third.jobId}/fail`, { body: back });
  await rig.operator(`/jobs/${String(made[4]?.jobId)}/cancel`, { method: 'POST', body: {} });
  await counted();
  await rig.operator(`/jobs/${first.jobId}/retry`, { method: 'POST', body: {} });
  await counted();
  await rig.restart();
  await counted();
});

test('what nobody declares is counted by capability, and only while nobody does', async () => {
  rig = await startRig({ registered: false });
  await newJob(rig, 'transcribe_audio');
  await newJob(rig, 'transcribe_audio');
  await newJob(rig, 'generate_thumbnails');
  expect((await summary()).by_missing_capability).toEqual({ 'media.thumbnails@1': 1, 'speech.transcription@1': 2 });
  await registerAgent(rig, randomUUID(), ['media.thumbnails@1']);
  expect((await summary()).by_missing_capability).toEqual({ 'speech.transcription@1': 2 });
});

test('a list carries no result; one job does, until it is tried again', async () => {
  rig = await startRig();
  const job = await claimNew(rig);
  await claimAndSubmit(rig, job);
  const { items } = (await rig.operator<Page<OperatorJob>>('/jobs/all')).body;
  expect(items.map((each) => [each.job_id, 'submitted' in each])).toEqual([[job.jobId, false]]);
  expect((await rig.operator<OperatorJob>(`/jobs/${job.jobId}`)).body.submitted).toMatchObject({ success: true });
  await rig.operator(`/jobs/${job.jobId}/retry`, { method: 'POST', body: {} });
  expect('submitted' in (await rig.operator<OperatorJob>(`/jobs/${job.jobId}`)).body).toBe(false);
});

test('agents and derived files are lists of pages, too', async () => {
  rig = await startRig();
  for (let index = 0; index < 4; index += 1) await registerAgent(rig, randomUUID(), ['media.thumbnails@1']);
  const paged = async (path: string): Promise<unknown[]> => {
    const found: unknown[] = [];
    let cursor = '';
    for (;;) {
      const { body } = await rig.operator<Page<unknown>>(`${path}?limit=2${cursor}`);
      expect(body.items.length).toBeLessThanOrEqual(2);
      found.push(...body.items);
      if (body.next_cursor === undefined) return found;
      cursor = `&cursor=${encodeURIComponent(body.next_cursor)}`;
    }
  };
  const agents = (await paged('/agents')) as { agent_id: string }[];
  expect(new Set(agents.map(({ agent_id }) => agent_id)).size).toBe(5);
  const first = await claimNew(rig);
  const refs = [(await claimAndSubmit(rig, first)).ref];
  for (let index = 0; index < 2; index += 1) {
    const next = await claimJob(rig, await newJob(rig, 'generate_thumbnails', { assetUuid: first.assetUuid }));
    refs.push((await claimAndSubmit(rig, next)).ref);
  }
  const derived = (await paged(`/assets/${first.assetUuid}/derived`)) as { ref: string }[];
  expect(derived.map(({ ref }) => ref)).toEqual(refs);
});
