import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { onPostgres } from '../support/postgres.ts';
import { ROUTES } from '../../server/routes/table.ts';
import { claimNew, newJob, registerAgent, send, startRig, upload, type Rig } from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

const concrete = (path: string) => path.replace(/:(uuid|id|upload_id)/g, randomUUID()).replace(':ref', '0'.repeat(32));

describe('tokens', () => {
  test('every call but enrolment and the OpenAPI document is 401 without one and with a wrong one', async () => {
    rig = await startRig();
    for (const route of ROUTES) {
      if (route.scope === 'none') continue;
      for (const token of [null, 'wrong', `${rig.server.agentToken}x`]) {
        const answer = await send(rig.server.url, concrete(route.path), { method: route.method, token });
        expect([route.path, answer.status, answer.body]).toMatchObject([route.path, 401, { code: 'UNAUTHORIZED' }]);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      }
    }
    expect((await send(rig.server.url, '/openapi.json', {})).status).toBe(200);
  });

  test('every call is 403 with the token of the other scope', async () => {
    rig = await startRig();
    for (const route of ROUTES) {
      if (route.scope === 'none' || route.scope === 'any') continue;
      const token = route.scope === 'agent' ? rig.server.operatorToken : rig.server.agentToken;
      const answer = await send(rig.server.url, concrete(route.path), { method: route.method, token });
      expect([route.path, answer.status, answer.body]).toMatchObject([route.path, 403, { code: 'FORBIDDEN' }]);
    }
    for (const call of [rig.agent, rig.operator]) expect((await call('/jobs/summary')).status).toBe(200);
  });

  test('are made once, kept in files of this user alone, and can be given', async () => {
    rig = await startRig();
    const { agentToken, operatorToken } = rig.server;
    expect(Buffer.from(agentToken, 'base64url')).toHaveLength(32);
    expect(agentToken).not.toBe(operatorToken);
    for (const [name, token] of [
      ['agent-token', agentToken],
      ['operator-token', operatorToken],
    ] as const) {
      const path = join(rig.dataDir, name);
      expect(readFileSync(path, 'utf8').trim()).toBe(token);
      if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    await rig.restart();
    expect([rig.server.agentToken, rig.server.operatorToken]).toEqual([agentToken, operatorToken]);
    await rig.stop();
    rig = await startRig({ agentToken: 'from-a-file', operatorToken: 'another' });
    expect((await rig.agent('/jobs', { token: 'from-a-file' })).status).toBe(200);
  });
});

test.skipIf(process.platform === 'win32' || onPostgres)(
  'whatever the folder’s mode is, what the server keeps is for its user alone',
  async () => {
    rig = await startRig();
    const wide = ['catalog.db', 'operator-token', 'agent-token'].map((name) => join(rig.dataDir, name));
    const open = (): void => {
      chmodSync(rig.dataDir, 0o755);
      for (const path of wide) chmodSync(path, 0o644);
      for (const name of ['parts', 'derived']) chmodSync(join(rig.dataDir, name), 0o755);
    };
    open();
    const umask = process.umask(0);
    try {
      await rig.restart();
      const job = await claimNew(rig);
      await upload(rig, job, { bytes: randomBytes(9) });
    } finally {
      process.umask(umask);
    }
    const seen = readdirSync(rig.dataDir, { recursive: true, withFileTypes: true }).map((entry) => {
      const { mode } = statSync(join(entry.parentPath, entry.name));
      return { name: entry.name, mode: mode & 0o777, wanted: entry.isDirectory() ? 0o700 : 0o600 };
    });
    expect(seen.map(({ name }) => name)).toEqual(expect.arrayContaining(['catalog.db', 'catalog.db-wal', 'derived']));
    // A group may have been let in to a token on purpose.
    const own = seen.filter(({ name }) => !name.endsWith('-token'));
    expect(own.filter(({ mode, wanted }) => mode !== wanted)).toEqual([]);
    for (const { mode } of seen) expect(mode & 0o007).toBe(0);
  },
);

describe('agents', () => {
  test('one installation is one agent, whatever changes; an unknown id is 404 on the list of jobs', async () => {
    rig = await startRig();
    expect(await registerAgent(rig, rig.installationId, [])).toBe(rig.agentId);
    expect(await registerAgent(rig, randomUUID(), [])).not.toBe(rig.agentId);
    for (const agentId of [randomUUID(), null]) {
      expect(await rig.agent('/jobs', { agentId })).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    }
  });

  test('register answers the policy and names the field that is wrong', async () => {
    const quiet_hours = { start: '22:00', end: '06:30', timezone: 'Europe/Paris' };
    rig = await startRig({
      minPollIntervalSeconds: 7,
      policy: { max_parallel_jobs_allowed: 2, allowed_job_types: ['transcribe_audio'], quiet_hours },
    });
    const body = {
      installation_id: rig.installationId,
      agent_name: 'a',
      agent_version: '1',
      capabilities: ['x@1', 'x@1'],
    };
    expect((await rig.agent('/agents/register', { body })).body).toEqual({
      agent_id: rig.agentId,
      server_policy: {
        min_poll_interval_seconds: 7,
        max_parallel_jobs_allowed: 2,
        allowed_job_types: ['transcribe_audio'],
        quiet_hours,
      },
    });
    expect(await rig.agent('/agents/register', { body: { ...body, installation_id: 'me' } })).toMatchObject({
      status: 422,
      body: { code: 'VALIDATION_FAILED', details: [{ field: 'installation_id' }] },
    });
    const listed = await rig.operator<{ items: unknown[] }>('/agents');
    expect(listed.body.items).toMatchObject([{ agent_id: rig.agentId, capabilities: ['x@1'], agent_name: 'a' }]);
  });

  test('an enrolled agent has a bearer of its own, once per token, and no other agent can use it', async () => {
    rig = await startRig();
    const ticket = async () =>
      (await rig.operator<{ token: string; expires_at: string }>('/agents/enrollments', { method: 'POST' })).body;
    const { token, expires_at } = await ticket();
    expect(Date.parse(expires_at)).toBe(rig.clock.now + 86_400_000);
    const installation_id = randomUUID();
    const enrol = (body: unknown) => send<{ token: string }>(rig.server.url, '/agents/enroll', { body });
    const bearer = (await enrol({ token, installation_id })).body.token;
    expect(await enrol({ token, installation_id })).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' } });
    expect((await enrol({ token: '', installation_id })).status).toBe(422);
    const late = (await ticket()).token;
    rig.clock.now += 86_400_000;
    expect((await enrol({ token: late, installation_id })).status).toBe(401);

    const agentId = await registerAgent(rig, installation_id, [], bearer);
    expect((await rig.agent('/jobs', { token: bearer, agentId: null })).status).toBe(200);
    expect((await rig.agent('/jobs', { token: bearer, agentId: rig.agentId })).status).toBe(403);
    const stranger = { installation_id: randomUUID(), agent_name: 'a', agent_version: '1', capabilities: [] };
    expect((await rig.agent('/agents/register', { token: bearer, body: stranger })).status).toBe(403);

    const rotated = await rig.operator<{ token: string }>(`/agents/${agentId}/rotate`, { method: 'POST' });
    expect((await rig.agent('/jobs', { token: bearer, agentId })).status).toBe(401);
    expect((await rig.agent('/jobs', { token: rotated.body.token, agentId })).status).toBe(200);
    expect((await rig.operator(`/agents/${randomUUID()}/rotate`, { method: 'POST' })).status).toBe(404);
  });
});

describe('requests that are not well-formed', () => {
  test('each has its status and the error body, and none costs the server its life', async () => {
    rig = await startRig();
    const { jobId } = await newJob(rig);
    const heartbeat = `/jobs/${jobId}/heartbeat`;
    expect(await rig.agent(heartbeat, { body: '{"lock_token":' })).toMatchObject({
      status: 400,
      body: { code: 'BAD_REQUEST' },
    });
    expect(await rig.agent(heartbeat, { body: '{"__proto__":{"x":1}}' })).toMatchObject({ status: 400 });
    const text = { 'content-type': 'text/plain' };
    expect(await rig.agent(heartbeat, { body: 'x', headers: text })).toMatchObject({
      status: 415,
      body: { code: 'UNSUPPORTED_MEDIA_TYPE' },
    });
    const huge = JSON.stringify({ lock_token: 'x'.repeat(2_000_000) });
    expect(await rig.agent(heartbeat, { body: huge })).toMatchObject({ status: 413, body: { code: 'TOO_LARGE' } });
    expect(await rig.agent('/nothing')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await rig.agent(`/jobs/${jobId}/claim`, { method: 'POST', key: 'k'.repeat(65) })).toMatchObject({
      status: 422,
      body: { details: [{ field: 'Idempotency-Key' }] },
    });
    const empty = await rig.agent(`/jobs/${jobId}/claim`, { body: '' });
    expect(empty.status).toBe(200);
  });

  test('no lock token and no bearer ever reaches the log or the ledger', async () => {
    const lines: string[] = [];
    const log = (fields: object, message: string) => void lines.push(JSON.stringify([fields, message]));
    rig = await startRig({ log: { info: log, warn: log, error: log } });
    const job = await claimNew(rig);
    await rig.operator(`/jobs/${job.jobId}`);
    const kept = JSON.stringify([lines, await rig.server.ledger()]);
    expect(lines.length).toBeGreaterThan(0);
    for (const secret of [job.lockToken, rig.server.agentToken, rig.server.operatorToken]) {
      expect(kept).not.toContain(secret);
    }
  });
});
