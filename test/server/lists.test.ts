import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { CAPABILITY_OF, CONTRACT_OF, JOB_TYPES } from '../../shared/job.ts';
import {
  ALL_CAPABILITIES,
  claimAndSubmit,
  claimNew,
  newAsset,
  newJob,
  registerAgent,
  startRig,
  type Rig,
} from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

interface Page {
  readonly items: { job_id: string; uuid: string; sequence: number; job_type: string }[];
  readonly next_cursor?: string;
}

/** Follows the cursor to the end. */
async function allPages(call: (path: string) => Promise<{ body: Page }>, path: string): Promise<Page['items'][]> {
  const pages: Page['items'][] = [];
  let cursor: string | undefined;
  do {
    const join = path.includes('?') ? '&' : '?';
    const { body } = await call(cursor === undefined ? path : `${path}${join}cursor=${encodeURIComponent(cursor)}`);
    pages.push(body.items);
    cursor = body.next_cursor;
  } while (cursor !== undefined);
  return pages;
}

test('a job of each type is made as JOB-TYPES lays it down', async () => {
  rig = await startRig();
  const assetUuid = await newAsset(rig, 'RUSHES/day 1/a.mov');
  for (const job_type of JOB_TYPES) {
    const body = {
      asset_uuid: assetUuid,
      job_type,
      inputs: { language: 'fr', source_path: '/etc/passwd' },
      priority: 3,
    };
    const made = await rig.operator(`/jobs`, { body });
    expect(made.body).toMatchObject({
      job_type,
      status: 'pending',
      asset_uuid: assetUuid,
      required_capabilities: [CAPABILITY_OF[job_type]],
      inputs: { asset_uuid: assetUuid, source_path: 'RUSHES/day 1/a.mov', language: 'fr' },
      expected_outputs: CONTRACT_OF[job_type].expectedOutputs,
      invariants: CONTRACT_OF[job_type].invariants,
      priority: 3,
      attempts: 0,
      max_attempts: 3,
    });
  }
});

test('a job that cannot be made says which field is wrong', async () => {
  rig = await startRig();
  const assetUuid = await newAsset(rig);
  const fieldOf = async (body: unknown) => {
    const answer = await rig.operator<{ details: { field: string }[] }>('/jobs', { body });
    return [answer.status, answer.body.details[0]?.field];
  };
  expect(await fieldOf({ asset_uuid: randomUUID(), job_type: 'transcribe_audio' })).toEqual([422, 'asset_uuid']);
  expect(await fieldOf({ asset_uuid: assetUuid, job_type: 'make_coffee' })).toEqual([422, 'job_type']);
  expect(await fieldOf({ asset_uuid: assetUuid, job_type: 'transcribe_audio', inputs: { language: 3 } })).toEqual([
    422,
    'inputs.language',
  ]);
});

test('the same source path is always the same asset', async () => {
  rig = await startRig();
  const first = await rig.operator('/assets', { body: { source_path: 'A/b.mov' } });
  const second = await rig.operator('/assets', { body: { source_path: 'A/b.mov', media_type: 'video' } });
  expect(second.body).toEqual({ ...first.body, media_type: 'video' });
  expect((await rig.operator(`/assets/${String(first.body['uuid'])}`)).body).toEqual(second.body);
  expect((await rig.operator(`/assets/${randomUUID()}`)).status).toBe(404);
  expect((await rig.operator('/assets', { body: { source_path: '' } })).status).toBe(422);
});

test('every list pages to its end without a gap or a double', async () => {
  rig = await startRig();
  const jobs: string[] = [];
  for (let index = 0; index < 7; index += 1) {
    if (index % 3 === 0) rig.clock.now += 1_000;
    jobs.push((await newJob(rig, 'generate_thumbnails', { priority: index % 2 })).jobId);
  }
  const offered = (await allPages((path) => rig.agent<Page>(path), '/jobs?limit=3')).map((page) =>
    page.map((job) => job.job_id),
  );
  expect(offered.map((page) => page.length)).toEqual([3, 3, 1]);
  expect(offered.flat()).toEqual([1, 3, 5, 0, 2, 4, 6].map((index) => jobs[index]));
  const all = (await allPages((path) => rig.operator<Page>(path), '/jobs/all?limit=2')).flat().map((job) => job.job_id);
  expect(all).toEqual(jobs.toReversed());
  const assets = (await allPages((path) => rig.operator<Page>(path), '/assets?limit=2'))
    .flat()
    .map((asset) => asset.uuid);
  expect(new Set(assets).size).toBe(7);
  const written = (await allPages((path) => rig.operator<Page>(path), '/ledger?limit=4')).flat();
  expect(written.map((entry) => entry.sequence)).toEqual(written.map((_, index) => index + 1));
  for (const path of [
    '/jobs/all?cursor=nonsense',
    '/jobs/all?limit=0',
    '/jobs/all?status=lost',
    '/assets?cursor=W10',
  ]) {
    expect((await rig.operator(path)).status).toBe(422);
  }
});

test('a page has fifty offers, and a hundred of everything else, unless asked otherwise', async () => {
  rig = await startRig();
  const assetUuid = await newAsset(rig);
  for (let index = 0; index < 101; index += 1) await newJob(rig, 'generate_thumbnails', { assetUuid });
  const { body } = await rig.agent<Page>('/jobs');
  expect(body.items).toHaveLength(50);
  expect(body.next_cursor).toBeTypeOf('string');
  const all = (await rig.operator<Page>('/jobs/all')).body;
  expect(all.items).toHaveLength(100);
  expect(all.next_cursor).toBeTypeOf('string');
});

test('jobs are found by status and type', async () => {
  rig = await startRig();
  const done = await claimNew(rig);
  await claimAndSubmit(rig, done);
  const waiting = await newJob(rig, 'transcribe_audio');
  const ids = async (query: string) =>
    (await rig.operator<Page>(`/jobs/all?${query}`)).body.items.map((job) => job.job_id);
  expect(await ids('status=completed')).toEqual([done.jobId]);
  expect(await ids('job_type=transcribe_audio')).toEqual([waiting.jobId]);
  expect(await ids('status=completed&job_type=transcribe_audio')).toEqual([]);
  expect((await rig.operator(`/jobs/${done.jobId}`)).body).toMatchObject({
    status: 'completed',
    submitted: { success: true, job_type: 'generate_thumbnails' },
  });
  expect((await rig.operator(`/jobs/${randomUUID()}`)).status).toBe(404);
});

test('an agent is offered only what it declared, and nothing after it signed off', async () => {
  rig = await startRig();
  for (const job_type of JOB_TYPES) await newJob(rig, job_type);
  const types = async () => (await rig.agent<Page>('/jobs')).body.items.map((job) => job.job_type);
  expect(await types()).toEqual(JOB_TYPES);
  await registerAgent(rig, rig.installationId, [CAPABILITY_OF.transcribe_audio]);
  expect(await types()).toEqual(['transcribe_audio']);
  await registerAgent(rig, rig.installationId, []);
  expect(await types()).toEqual([]);
});

test('the summary counts by status and by the capability nobody who is there declares', async () => {
  rig = await startRig({ agentSeenSeconds: 60 });
  await newJob(rig);
  await newJob(rig, 'transcribe_audio');
  await newJob(rig, 'transcribe_audio');
  await claimNew(rig, 'generate_audio_waveform');
  const summary = async () => (await rig.operator('/jobs/summary')).body;
  const by_status = { pending: 3, claimed: 1, completed: 0, failed: 0 };
  expect(await summary()).toEqual({ by_status, by_missing_capability: {} });
  await registerAgent(rig, rig.installationId, ALL_CAPABILITIES.slice(0, 3));
  expect(await summary()).toEqual({ by_status, by_missing_capability: { 'speech.transcription@1': 2 } });
  rig.clock.now += 59_999;
  expect((await summary())['by_missing_capability']).toEqual({ 'speech.transcription@1': 2 });
  rig.clock.now += 1;
  expect(await summary()).toMatchObject({
    by_missing_capability: { 'speech.transcription@1': 2, 'media.thumbnails@1': 1, 'audio.waveform@1': 1 },
  });
});

test('waiting jobs are found by a part of their path, in the order of the queue, page by page, and counted', async () => {
  rig = await startRig();
  for (const [name, priority] of [
    ['Été/Élodie 1.mov', 0],
    ['Été/Élodie 2.mov', 10],
    ['Hiver/A001.mov', 0],
    ['Été/Élodie 3.mov', 0],
    ['100%_take.mov', 0],
  ] as const) {
    const asset_uuid = await newAsset(rig, `RUSHES/${name}`);
    await rig.operator('/jobs', { body: { asset_uuid, job_type: 'generate_thumbnails', priority } });
  }
  const nameOf = (job: object) => (job as { inputs: { source_path: string } }).inputs.source_path;
  const found = async (search: string) =>
    (await allPages(rig.operator, `/jobs/all?order=queue&status=pending&limit=2&search=${search}`)).map((page) =>
      page.map(nameOf),
    );
  expect(await found('ELODIE')).toEqual([
    ['RUSHES/Été/Élodie 2.mov', 'RUSHES/Été/Élodie 1.mov'],
    ['RUSHES/Été/Élodie 3.mov'],
  ]);
  expect((await rig.operator('/jobs/all?limit=1&search=elodie')).body).toMatchObject({ total: 3 });
  expect(await found('%25_')).toEqual([['RUSHES/100%_take.mov']]);
  expect(await found('nothing')).toEqual([[]]);
});
