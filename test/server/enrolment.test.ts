import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { claimNew, registerAgent, send, startRig, type Answer, type Rig } from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

const ticket = async (): Promise<string> =>
  (await rig.operator<{ token: string }>('/agents/enrollments', { method: 'POST' })).body.token;
const enrol = (token: string, installation_id: string, key?: string): Promise<Answer<{ token: string }>> =>
  send(rig.server.url, '/agents/enroll', {
    body: { token, installation_id },
    ...(key === undefined ? {} : { key }),
  });
const polled = async (token: string, agentId: string | null = null): Promise<number> =>
  (await rig.agent('/jobs', { token, agentId })).status;

describe('enrolment', () => {
  test('repeated with the same key is answered the same bearer, also after a restart and once it is used', async () => {
    rig = await startRig();
    const [token, installation] = [await ticket(), randomUUID()];
    const { body, status } = await enrol(token, installation, 'k1');
    expect(status).toBe(200);
    const again = async (): Promise<unknown> => (await enrol(token, installation, 'k1')).body;
    expect(await again()).toEqual(body);
    await rig.restart();
    expect(await again()).toEqual(body);
    expect(await polled(body.token)).toBe(200);
    rig.clock.now += 3 * 86_400_000;
    expect(await again()).toEqual(body);
    expect(await rig.server.ledger({ event: 'agentEnrolled' })).toHaveLength(1);
    const agents = await rig.operator<{ items: { installation_id: string }[] }>('/agents');
    expect(agents.body.items.filter(({ installation_id }) => installation_id === installation)).toHaveLength(1);
  });

  test('at the same time with the same key makes one bearer', async () => {
    rig = await startRig();
    const [token, installation] = [await ticket(), randomUUID()];
    const answers = await Promise.all(Array.from({ length: 5 }, () => enrol(token, installation, 'k1')));
    expect(new Set(answers.map(({ body }) => body.token)).size).toBe(1);
    expect(await rig.server.ledger({ event: 'agentEnrolled' })).toHaveLength(1);
  });

  test('gives nothing to another key, another installation or nobody’s key', async () => {
    rig = await startRig();
    const [token, installation] = [await ticket(), randomUUID()];
    await enrol(token, installation, 'k1');
    for (const [who, key] of [
      [installation, 'k2'],
      [installation, undefined],
      [randomUUID(), 'k1'],
    ] as const) {
      expect(await enrol(token, who, key)).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' } });
    }
    const keyless = await ticket();
    await enrol(keyless, installation);
    expect((await enrol(keyless, installation)).status).toBe(401);
    expect((await enrol(keyless, installation, '')).status).toBe(422);
  });

  test('anew leaves the old bearer good until the new one is used', async () => {
    rig = await startRig();
    const installation = randomUUID();
    const old = (await enrol(await ticket(), installation, 'first')).body.token;
    const agentId = await registerAgent(rig, installation, [], old);
    const lost = (await enrol(await ticket(), installation, 'second')).body.token;
    const kept = (await enrol(await ticket(), installation, 'third')).body.token;
    expect([await polled(old), await polled(lost)]).toEqual([200, 401]);
    await rig.restart();
    expect(await polled(old)).toBe(200);
    expect(await polled(kept)).toBe(200);
    expect([await polled(old), await polled(kept)]).toEqual([401, 200]);
    expect(await rig.server.ledger({ event: 'agentTokenConfirmed', agentId })).toHaveLength(2);
  });

  test('of an agent that used the shared token leaves it that one until then', async () => {
    rig = await startRig();
    const bearer = (await enrol(await ticket(), rig.installationId, 'k')).body.token;
    expect(await polled(rig.server.agentToken, rig.agentId)).toBe(200);
    expect(await polled(bearer)).toBe(200);
    expect(await polled(rig.server.agentToken, rig.agentId)).toBe(403);
  });

  test('is over once an operator rotates: neither bearer is good, nor is the answer repeated', async () => {
    rig = await startRig();
    const [token, installation] = [await ticket(), randomUUID()];
    const bearer = (await enrol(token, installation, 'k')).body.token;
    const agentId = await registerAgent(rig, installation, [], bearer);
    const next = (await enrol(await ticket(), installation, 'l')).body.token;
    await rig.operator(`/agents/${agentId}/rotate`, { method: 'POST' });
    expect([await polled(bearer), await polled(next)]).toEqual([401, 401]);
    expect((await enrol(token, installation, 'k')).status).toBe(401);
  });

  test('leaves no bearer in the database', async () => {
    rig = await startRig();
    const token = await ticket();
    const { body } = await enrol(token, randomUUID(), 'k');
    const rows = await Promise.all(
      (['agent', 'enrollment', 'idempotency', 'ledger'] as const).map((table) =>
        rig.server.database.selectFrom(table).selectAll().execute(),
      ),
    );
    for (const secret of [token, body.token]) expect(JSON.stringify(rows)).not.toContain(secret);
  });
});

describe('the shared token', () => {
  test('does not act for an agent that enrolled, in any call', async () => {
    rig = await startRig();
    const installation_id = randomUUID();
    const bearer = (await enrol(await ticket(), installation_id, 'k')).body.token;
    const agentId = await registerAgent(rig, installation_id, ['media.thumbnails@1'], bearer);
    const shared = { agentId, token: rig.server.agentToken };
    const own = { agentId, token: bearer };
    const job = await claimNew({ ...rig, agent: (path, call) => rig.agent(path, { ...own, ...call }) });
    const registration = { installation_id, agent_name: 'renamed', agent_version: '9', capabilities: [] };
    const lock_token = job.lockToken;
    const calls: [string, object][] = [
      ['/agents/register', { body: registration, agentId: null }],
      ['/agents/register', { body: registration }],
      ['/jobs', {}],
      ['/jobs/summary', {}],
      [`/jobs/${job.jobId}/claim`, { method: 'POST' }],
      [`/jobs/${job.jobId}/heartbeat`, { body: { lock_token } }],
      [`/jobs/${job.jobId}/submit`, { body: { lock_token } }],
      [`/jobs/${job.jobId}/fail`, { body: { lock_token, error_code: 'TIMEOUT', message: 'x', retryable: true } }],
      [`/assets/${job.assetUuid}/derived/upload/init`, { body: { lock_token } }],
      [`/assets/${job.assetUuid}/derived/upload/part`, { body: new FormData() }],
      [`/assets/${job.assetUuid}/derived/upload/complete`, { body: { lock_token } }],
      [`/assets/${job.assetUuid}/derived/upload/${randomUUID()}`, {}],
    ];
    const tryAll = async (): Promise<void> => {
      for (const [path, call] of calls) {
        const answer = await rig.agent(path, { ...shared, ...call });
        expect([path, answer.status, answer.body]).toMatchObject([path, 403, { code: 'FORBIDDEN' }]);
      }
    };
    await tryAll();
    await rig.operator(`/agents/${agentId}/rotate`, { method: 'POST' });
    await tryAll();
    const { body } = await rig.operator<{ items: object[] }>('/agents');
    expect(body.items).toContainEqual(
      expect.objectContaining({ agent_id: agentId, agent_name: 'edit-3', capabilities: ['media.thumbnails@1'] }),
    );
    // Agents without a token of their own are not touched by any of this.
    expect(await polled(rig.server.agentToken, rig.agentId)).toBe(200);
  });

  test('can be switched off: then it is unknown, and enrolled agents work on', async () => {
    rig = await startRig();
    const shared = rig.server.agentToken;
    const bearer = (await enrol(await ticket(), randomUUID(), 'k')).body.token;
    await rig.stop();
    rig = await startRig({ sharedAgentToken: false, registered: false });
    expect(rig.server.agentToken).toBe('');
    expect(existsSync(join(rig.dataDir, 'agent-token'))).toBe(false);
    const installation_id = randomUUID();
    const own = (await enrol(await ticket(), installation_id, 'k')).body.token;
    expect(await registerAgent(rig, installation_id, [], own)).toBeTypeOf('string');
    expect([await polled(shared), await polled(bearer), await polled('x'), await polled(own)]).toEqual([
      401, 401, 401, 200,
    ]);
    expect((await rig.agent('/jobs', { headers: { authorization: 'Bearer ' } })).status).toBe(401);
  });
});
