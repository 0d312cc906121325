import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  FailureCauses,
  GridPage,
  PageAgents,
  PageJob,
  PageState,
  RetryCauseAnswer,
} from '../../shared/wire-page.ts';
import { AGENT_STATUS_HEADER, type AgentStatus } from '../../shared/wire.ts';
import {
  ALL_CAPABILITIES,
  claimAndSubmit,
  claimJob,
  claimNew,
  newAsset,
  newJob,
  registerAgent,
  send,
  startRig,
  type ClaimedJob,
  type Rig,
} from './running.ts';

const HOUR_MS = 3_600_000;

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ maxAttempts: 1, policy: { max_parallel_jobs_allowed: 2 } });
});
afterEach(() => rig.stop());

const state = async (): Promise<PageState> => (await rig.operator<PageState>('/page/state')).body;
const agents = async () => (await rig.operator<PageAgents>('/page/agents')).body.items;
const reasons = async () => (await state()).waiting.map(({ reason, jobs }) => [reason, jobs]);

/** A poll by which the agent says how it is. */
async function tell(status: Partial<AgentStatus>, agentId = rig.agentId): Promise<{ items: unknown[] }> {
  const headers = { [AGENT_STATUS_HEADER]: encodeURIComponent(JSON.stringify(status)) };
  return (await rig.agent<{ items: unknown[] }>('/jobs', { agentId, headers })).body;
}

async function failJob(job: ClaimedJob, error_code: string, message: string, agentId = rig.agentId): Promise<void> {
  const body = { lock_token: job.lockToken, error_code, message, retryable: false };
  const { status } = await rig.agent(`/jobs/${job.jobId}/fail`, { body, agentId });
  if (status !== 200) throw new Error(`fail answered ${status}`);
}

describe('what waits', () => {
  test('is nothing in an empty catalogue', async () => {
    expect(await state()).toMatchObject({
      by_status: { pending: 0, claimed: 0, completed: 0, failed: 0 },
      failures: 0,
      agents: { known: 1, here: 1, working: 0, running: 0, slots: 2 },
      waiting: [],
      batches: [],
    });
  });

  test('says which capability nobody there has, and who has it and is away', async () => {
    await registerAgent(rig, rig.installationId, ['media.thumbnails@1']);
    await newJob(rig, 'generate_thumbnails');
    const orphan = await newJob(rig, 'transcribe_audio');
    rig.clock.now += 60_000;
    await newJob(rig, 'transcribe_audio');
    expect((await state()).waiting).toMatchObject([
      {
        reason: 'capability',
        jobs: 2,
        job_type: 'transcribe_audio',
        able: 0,
        away: [],
        here: 1,
        oldest: { job_id: orphan.jobId, since: new Date(rig.clock.now - 60_000).toISOString() },
      },
      { reason: 'soon', jobs: 1, job_type: 'generate_thumbnails', able: 1 },
    ]);
    await registerAgent(rig, randomUUID(), ALL_CAPABILITIES);
    expect((await reasons()).map(([reason]) => reason)).toEqual(['soon', 'soon']);
    rig.clock.now += HOUR_MS;
    await registerAgent(rig, rig.installationId, ['media.thumbnails@1']);
    expect((await state()).waiting[0]).toMatchObject({ reason: 'capability', away: ['edit-3'], here: 1 });
  });

  test('tells busy, paused and given back agents apart', async () => {
    const [first, second] = [await claimNew(rig), await claimNew(rig)];
    await newJob(rig);
    expect(await reasons()).toEqual([['busy', 1]]);
    expect((await agents())[0]).toMatchObject({
      state: 'full',
      slots: 2,
      running: [{ job_id: first.jobId }, { job_id: second.jobId }],
    });
    await failJob(first, 'SOURCE_UNREADABLE', 'no');
    expect(await reasons()).toEqual([['soon', 1]]);
    await tell({ roots: ['RUSHES'], stands_by: 'user-input' });
    expect(await reasons()).toEqual([['standsBy', 1]]);
    expect((await agents())[0]).toMatchObject({ state: 'standsBy', reason: 'user-input' });
    await rig.operator(`/agents/${rig.agentId}/pause`, { body: { note: 'new disk' } });
    expect((await state()).waiting).toMatchObject([{ reason: 'paused', by: 'operator-token', note: 'new disk' }]);
  });

  test('names the root that nobody reads, once all agents tell theirs', async () => {
    for (const path of ['DAY 1/a.mov', 'DAY 1/b.mov', 'DAY 2/sub/c.mov', 'plain.mov'])
      await newJob(rig, 'generate_thumbnails', { assetUuid: await newAsset(rig, path) });
    expect(await reasons()).toEqual([['soon', 4]]);
    await tell({ roots: ['DAY 2'] });
    const { waiting } = await state();
    expect(waiting).toMatchObject([
      { reason: 'root', jobs: 2, root: 'DAY 1', oldest: { source_path: 'DAY 1/a.mov' } },
      { reason: 'soon', jobs: 2 },
    ]);
    await tell({ roots: ['DAY 2'], any_root: true });
    expect(await reasons()).toEqual([['soon', 4]]);
    await tell({ roots: ['DAY 1', 'DAY 2'] });
    expect(await reasons()).toEqual([['soon', 4]]);
  });

  test('says until when jobs are held off, and who put others on hold', async () => {
    await rig.restart({ maxAttempts: 3, backoff: () => 60 });
    const failed = await claimNew(rig);
    await rig.agent(`/jobs/${failed.jobId}/fail`, {
      body: { lock_token: failed.lockToken, error_code: 'TIMEOUT', message: 'slow', retryable: true },
    });
    const held = await newJob(rig);
    await rig.operator('/jobs/operate', { body: { operation: 'hold', job_ids: [held.jobId] } });
    expect((await state()).waiting).toMatchObject([
      { reason: 'heldOff', jobs: 1, oldest: { job_id: failed.jobId } },
      { reason: 'held', jobs: 1, by: 'operator-token', oldest: { job_id: held.jobId } },
    ]);
    expect(Date.parse((await state()).waiting[0]?.until ?? '') - rig.clock.now).toBe(60_000);
  });

  test('begins to wait when it came back, not when it was made', async () => {
    const job = await claimNew(rig);
    await failJob(job, 'SOURCE_UNREADABLE', 'no');
    rig.clock.now += 3 * HOUR_MS;
    await registerAgent(rig, rig.installationId, ALL_CAPABILITIES);
    await rig.operator(`/jobs/${job.jobId}/retry`, { method: 'POST' });
    expect((await state()).waiting[0]?.oldest?.since).toBe(new Date(rig.clock.now).toISOString());
  });
});

describe('agents', () => {
  test('say why they do nothing', async () => {
    expect((await agents())[0]).toMatchObject({
      agent_name: 'edit-3',
      state: 'nothing',
      own_token: false,
      running: [],
    });
    await newJob(rig, 'generate_thumbnails', { assetUuid: await newAsset(rig, 'DAY 1/a.mov') });
    expect((await agents())[0]?.state).toBe('looks');
    await tell({ roots: [] });
    expect((await agents())[0]).toMatchObject({ state: 'roots', roots: [] });
    // What it cannot do at all lies where it can read.
    await registerAgent(rig, rig.installationId, ['media.thumbnails@1']);
    await newJob(rig, 'transcribe_audio', { assetUuid: await newAsset(rig, 'DAY 2/b.mov') });
    await tell({ roots: ['DAY 2'] });
    expect((await agents())[0]?.state).toBe('roots');
    await registerAgent(rig, rig.installationId, []);
    expect((await agents())[0]?.state).toBe('signedOff');
    await registerAgent(rig, rig.installationId, ALL_CAPABILITIES);
    rig.clock.now += HOUR_MS;
    expect((await agents())[0]?.state).toBe('away');
  });

  test('that are paused are offered nothing and claim nothing, finish what they have, and go on at the end', async () => {
    const running = await claimNew(rig);
    const waiting = await newJob(rig);
    const until = new Date(rig.clock.now + HOUR_MS).toISOString();
    expect(
      (await rig.operator(`/agents/${rig.agentId}/pause`, { body: { until: new Date(rig.clock.now).toISOString() } }))
        .status,
    ).toBe(422);
    expect(
      (await rig.operator(`/agents/${rig.agentId}/pause`, { body: { note: ' colour session ', until } })).status,
    ).toBe(200);
    expect((await agents())[0]).toMatchObject({
      state: 'paused',
      pause: { by: 'operator-token', note: 'colour session', until },
    });
    expect((await rig.agent<{ items: unknown[] }>('/jobs')).body.items).toEqual([]);
    const refused = await rig.agent(`/jobs/${waiting.jobId}/claim`, { method: 'POST' });
    expect(refused).toMatchObject({ status: 409, body: { details: { reason: 'agent_paused' } } });
    await claimAndSubmit(rig, running);
    expect((await rig.operator(`/agents/${rig.agentId}/resume`, { method: 'POST' })).status).toBe(200);
    expect((await rig.operator(`/agents/${rig.agentId}/resume`, { method: 'POST' })).status).toBe(409);
    await rig.operator(`/agents/${rig.agentId}/pause`, { body: { until } });
    rig.clock.now = Date.parse(until) + 1;
    await claimJob(rig, waiting);
    expect((await rig.operator(`/agents/${randomUUID()}/pause`, { body: {} })).status).toBe(404);
    const lines = await rig.server.ledger({ agentId: rig.agentId });
    expect(lines.filter(({ operator }) => operator !== null).map(({ event }) => event)).toEqual([
      'agentPaused',
      'agentResumed',
      'agentPaused',
    ]);
  });

  test('that are revoked are let in no more, and what they held waits again', async () => {
    const held = await claimNew(rig);
    expect((await rig.operator(`/agents/${rig.agentId}/revoke`, { method: 'POST' })).status).toBe(200);
    expect((await agents())[0]).toMatchObject({ state: 'revoked', running: [], capabilities: [] });
    expect((await rig.operator<PageJob>(`/page/jobs/${held.jobId}`)).body.state).toBe('waiting');
    expect((await rig.agent('/jobs')).status).toBe(403);
    await expect(registerAgent(rig, rig.installationId, ALL_CAPABILITIES)).rejects.toThrow('403');
    expect((await rig.operator(`/agents/${rig.agentId}/revoke`, { method: 'POST' })).status).toBe(409);
    const ticket = (await rig.operator<{ token: string }>('/agents/enrollments', { method: 'POST' })).body.token;
    const enrolled = await rig.agent<{ token: string }>('/agents/enroll', {
      body: { token: ticket, installation_id: rig.installationId },
    });
    await registerAgent(rig, rig.installationId, ALL_CAPABILITIES, enrolled.body.token);
    expect((await rig.agent('/jobs', { token: enrolled.body.token })).status).toBe(200);
  });

  test('that tell nonsense tell nothing', async () => {
    for (const told of ['%', 'null', encodeURIComponent('{"roots":[1]}'), 'x'.repeat(9_000)])
      expect((await rig.agent('/jobs', { headers: { [AGENT_STATUS_HEADER]: told } })).status).toBe(200);
    expect((await agents())[0]).not.toHaveProperty('roots');
  });
});

describe('failures', () => {
  const causes = async () => (await rig.operator<FailureCauses>('/failures')).body;

  test('are one cause, whatever file they name, over all agents', async () => {
    const other = await registerAgent(rig, randomUUID(), ALL_CAPABILITIES);
    for (const name of ['a', 'b'])
      await failJob(await claimNew(rig), 'SOURCE_UNREADABLE', `“${name}.mov” ends after 12 bytes.`);
    const job = await newJob(rig);
    const claim = await rig.agent<{ lock_token: string }>(`/jobs/${job.jobId}/claim`, {
      method: 'POST',
      agentId: other,
    });
    rig.clock.now += 1_000;
    await failJob(
      { ...job, lockToken: claim.body.lock_token },
      'SOURCE_UNREADABLE',
      '“c.mov” ends after 7 bytes.',
      other,
    );
    await failJob(await claimNew(rig), 'NO_AUDIO_TRACK', 'The file has no sound.');
    const cancelled = await newJob(rig);
    await rig.operator(`/jobs/${cancelled.jobId}/cancel`, { method: 'POST' });
    const { items } = await causes();
    expect(items).toMatchObject([
      {
        jobs: 3,
        agents: [
          { agent_name: 'edit-3', jobs: 2 },
          { agent_name: 'edit-3', jobs: 1 },
        ],
        example: { job_id: job.jobId, error_code: 'SOURCE_UNREADABLE', message: '“c.mov” ends after 7 bytes.' },
      },
      { jobs: 1, example: { error_code: 'NO_AUDIO_TRACK' } },
    ]);
    expect((await state()).failures).toBe(4);
    const path = `/failures/jobs?cause=${encodeURIComponent(items[0]?.cause ?? '')}&limit=2`;
    const page = (await rig.operator<{ items: { job_id: string; message: string }[]; next_cursor: string }>(path)).body;
    expect(page.items.map(({ job_id }) => job_id)[0]).toBe(job.jobId);
    const rest = (await rig.operator<{ items: { message: string }[] }>(`${path}&cursor=${page.next_cursor}`)).body;
    expect([...page.items, ...rest.items].map(({ message }) => message.slice(1, 6))).toEqual([
      'c.mov',
      'b.mov',
      'a.mov',
    ]);
    expect(rest).not.toHaveProperty('next_cursor');
  });

  test('of a cause are tried again together: a line of the ledger each, by the operator’s name', async () => {
    for (let index = 0; index < 3; index += 1) await failJob(await claimNew(rig), 'ENCODE_FAILED', `frame ${index}`);
    await failJob(await claimNew(rig), 'NO_AUDIO_TRACK', 'The file has no sound.');
    const { at, items } = await causes();
    rig.clock.now += 1_000;
    const later = await claimNew(rig);
    await failJob(later, 'ENCODE_FAILED', 'frame 9');
    const { token } = (
      await rig.operator<{ token: string }>('/operators', { body: { name: 'anna', role: 'operator' } })
    ).body;
    const body = { cause: items[0]?.cause, until: at };
    const retry = () => send<RetryCauseAnswer>(rig.server.url, '/failures/retry', { token, body });
    expect((await retry()).body).toEqual({ jobs: 3, more: false });
    expect((await retry()).body).toEqual({ jobs: 0, more: false });
    const lines = await rig.server.ledger({ event: 'jobRetried' });
    expect(lines.map(({ operator }) => operator)).toEqual(['anna', 'anna', 'anna']);
    expect(new Set(lines.map(({ jobId }) => jobId)).size).toBe(3);
    // What failed after somebody looked, and what failed otherwise, is left alone.
    expect((await causes()).items.map(({ jobs }) => jobs)).toEqual([1, 1]);
    const viewer = (await rig.operator<{ token: string }>('/operators', { body: { name: 'vera', role: 'viewer' } }))
      .body;
    expect((await send(rig.server.url, '/failures/retry', { token: viewer.token, body })).status).toBe(403);
  });
});

test('the grid has each file with its newest job of each type', async () => {
  const uuids: string[] = [];
  for (const path of ['DAY 1/a.mov', 'DAY 1/b.mov', 'DAY 2/É.mov']) {
    uuids.push(await newAsset(rig, path));
    rig.clock.now += 1_000;
  }
  const [first = '', second = '', third = ''] = uuids;
  await failJob(
    await claimJob(rig, await newJob(rig, 'generate_thumbnails', { assetUuid: first })),
    'RENDER_FAILED',
    'no',
  );
  await claimAndSubmit(rig, await claimJob(rig, await newJob(rig, 'generate_thumbnails', { assetUuid: first })));
  const held = await newJob(rig, 'transcribe_audio', { assetUuid: first });
  await rig.operator('/jobs/operate', { body: { operation: 'hold', job_ids: [held.jobId] } });
  await failJob(
    await claimJob(rig, await newJob(rig, 'generate_video_proxies', { assetUuid: second })),
    'ENCODE_FAILED',
    'no',
  );
  const gone = await newJob(rig, 'generate_audio_waveform', { assetUuid: second });
  await rig.operator(`/jobs/${gone.jobId}/cancel`, { method: 'POST' });
  await claimJob(rig, await newJob(rig, 'generate_thumbnails', { assetUuid: third }));
  await newJob(rig, 'transcribe_audio', { assetUuid: third });
  const states = (page: GridPage) =>
    page.items.map(({ source_path, jobs }) => [
      source_path,
      Object.fromEntries(Object.entries(jobs).map(([type, { state: how }]) => [type, how])),
    ]);
  const first2 = (await rig.operator<GridPage>('/page/assets?limit=2')).body;
  expect(states(first2)).toEqual([
    ['DAY 1/a.mov', { generate_thumbnails: 'done', transcribe_audio: 'held' }],
    ['DAY 1/b.mov', { generate_video_proxies: 'failed', generate_audio_waveform: 'cancelled' }],
  ]);
  const rest = (await rig.operator<GridPage>(`/page/assets?limit=2&cursor=${first2.next_cursor}`)).body;
  expect(states(rest)).toEqual([['DAY 2/É.mov', { generate_thumbnails: 'running', transcribe_audio: 'waiting' }]]);
  expect(rest).not.toHaveProperty('next_cursor');
  expect(states((await rig.operator<GridPage>('/page/assets?search=day%202/e')).body).length).toBe(1);
});

test('a job has its file, what was made of it, and its lines of the ledger with names', async () => {
  const job = await claimNew(rig);
  await claimAndSubmit(rig, job);
  const { body } = await rig.operator<PageJob>(`/page/jobs/${job.jobId}`);
  expect(body).toMatchObject({
    job_id: job.jobId,
    state: 'done',
    attempts: 1,
    agent_name: 'edit-3',
    more_ledger: false,
  });
  expect(body.source_path).toContain('RUSHES/');
  expect(body.derived).toMatchObject([{ kind: 'thumb' }]);
  expect(body.ledger.map(({ event }) => event)).toEqual(
    expect.arrayContaining(['jobCreated', 'jobClaimed', 'uploadCompleted', 'jobSubmitted']),
  );
  expect(body.ledger.find(({ event }) => event === 'jobCreated')?.operator).toBe('operator-token');
  expect(body.ledger.find(({ event }) => event === 'jobClaimed')?.agent_name).toBe('edit-3');
  expect((await rig.operator(`/page/jobs/${randomUUID()}`)).status).toBe(404);
});
