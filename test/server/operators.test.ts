import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { OPERATOR_ROLES, type OperatorRole, type OperatorToken } from '../../shared/operator-roles.ts';
import { ROUTES } from '../../server/routes/table.ts';
import { newJob, startRig, type Answer, type Rig } from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

const DAY_MS = 86_400_000;
const concrete = (path: string) =>
  path.replace(/:(uuid|id|upload_id|name)/g, randomUUID()).replace(':ref', '0'.repeat(32));

const added = async (name: string, role: OperatorRole, more: Record<string, unknown> = {}): Promise<OperatorToken> => {
  const { status, body } = await rig.operator<OperatorToken>('/operators', { body: { name, role, ...more } });
  if (status !== 200) throw new Error(`adding ${name} answered ${status}: ${JSON.stringify(body)}`);
  return body;
};
const statusAs = async (token: string, path = '/jobs/queue'): Promise<number> =>
  (await rig.operator(path, { token })).status;

describe('operators by name', () => {
  test('may make exactly the calls of their role, told by the table of routes', async () => {
    rig = await startRig();
    const tokens = new Map<OperatorRole, string>();
    for (const role of OPERATOR_ROLES) tokens.set(role, (await added(`a-${role}`, role)).token);
    const seen: Record<OperatorRole, string[]> = { viewer: [], operator: [], admin: [] };
    for (const route of ROUTES) {
      if (route.scope !== 'operator' && route.scope !== 'any') continue;
      expect([route.operationId, OPERATOR_ROLES]).toEqual([route.operationId, expect.arrayContaining([route.role])]);
      for (const [role, token] of tokens) {
        // Removing needs one that is there; everything else is refused or not found by the name alone.
        const answer = await rig.operator(concrete(route.path), { method: route.method, token });
        const may = OPERATOR_ROLES.indexOf(role) >= OPERATOR_ROLES.indexOf(route.role ?? 'admin');
        expect([route.operationId, role, answer.status === 403]).toEqual([route.operationId, role, !may]);
        expect(answer.status).not.toBe(401);
        if (may) seen[role].push(route.operationId);
      }
    }
    // By hand, so that a call that moves from one role to another is noticed.
    expect(seen.viewer.toSorted()).toEqual(
      'listAssets getAsset listDerived readDerived listJobs queueOverview jobsSummary getJob listAgents readLedger whoAmI pageState pageAgents assetGrid pageJob failureCauses failedJobs healthStates listRules'
        .split(' ')
        .toSorted(),
    );
    expect(seen.admin.filter((name) => !seen.operator.includes(name)).toSorted()).toEqual(
      'createEnrollment rotateToken listOperators addOperator rotateOperator removeOperator readBackup revokeAgent purgeAssets'
        .split(' ')
        .toSorted(),
    );
  });

  test('stand in the ledger with what they did; agents do not', async () => {
    rig = await startRig();
    const { token } = await added('anna@studio', 'operator');
    const asset = await rig.operator<{ uuid: string }>('/assets', { token, body: { source_path: 'RUSHES/a.mov' } });
    const job = { asset_uuid: asset.body.uuid, job_type: 'generate_thumbnails', inputs: {} };
    const { job_id: id } = (await rig.operator<{ job_id: string }>('/jobs', { token, body: job })).body;
    const files = [{ source_path: 'RUSHES/b.mov', jobs: [{ job_type: 'generate_thumbnails', inputs: {} }] }];
    expect((await rig.operator('/assets/import', { token, body: { files } })).status).toBe(200);
    await rig.operator(`/jobs/${id}/priority`, { token, body: { priority: 4 } });
    await rig.operator('/jobs/operate', { token, body: { operation: 'hold', job_ids: [id] } });
    await rig.operator(`/jobs/${id}/cancel`, { token, method: 'POST' });
    await rig.operator(`/jobs/${id}/retry`, { token, method: 'POST' });
    const others = await newJob(rig);
    expect((await rig.agent(`/jobs/${others.jobId}/claim`, { method: 'POST' })).status).toBe(200);
    await rig.operator(`/jobs/${others.jobId}/cancel`, { token, method: 'POST' });
    await rig.operator('/agents/enrollments', { method: 'POST' });
    await rig.operator(`/agents/${rig.agentId}/rotate`, { method: 'POST' });
    const { items } = (await rig.operator<{ items: { event: string; operator?: string }[] }>('/ledger')).body;
    const by = (name: string | undefined) => items.filter((entry) => entry.operator === name).map(({ event }) => event);
    expect(by('anna@studio')).toEqual([
      'assetCreated',
      'jobCreated',
      'assetCreated',
      'jobCreated',
      'priorityChanged',
      'jobHeld',
      'jobCancelled',
      'jobRetried',
      'cancelRequested',
    ]);
    expect(by('operator-token')).toEqual([
      'operatorAdded',
      'assetCreated',
      'jobCreated',
      'enrollmentCreated',
      'agentTokenRotated',
    ]);
    expect(by(undefined)).toEqual(['agentRegistered', 'jobClaimed']);
  });

  test('have a token that expires, rotates with or without an overlap, and ends with them', async () => {
    rig = await startRig();
    const first = await added('ben', 'viewer', { days: 2 });
    expect(first.token).toMatch(/^rco_[\w-]{43}$/);
    expect(first.expires_at).toBe(new Date(rig.clock.now + 2 * DAY_MS).toISOString());
    expect(await statusAs(first.token)).toBe(200);
    rig.clock.now += 2 * DAY_MS - 1;
    expect(await statusAs(first.token)).toBe(200);
    rig.clock.now += 1;
    expect(await statusAs(first.token)).toBe(401);

    const rotate = (name: string, body: Record<string, unknown>): Promise<Answer<OperatorToken>> =>
      rig.operator<OperatorToken>(`/operators/${name}/rotate`, { body });
    const second = (await rotate('ben', { days: null })).body;
    expect([second.expires_at, await statusAs(first.token), await statusAs(second.token)]).toEqual([
      undefined,
      401,
      200,
    ]);
    const third = (await rotate('ben', { overlap_hours: 3 })).body;
    expect([await statusAs(second.token), await statusAs(third.token)]).toEqual([200, 200]);
    rig.clock.now += 3 * 3_600_000;
    expect([await statusAs(second.token), await statusAs(third.token)]).toEqual([401, 200]);

    const listed = await rig.operator<{ items: unknown[] }>('/operators');
    expect(listed.body.items).toMatchObject([{ name: 'ben', role: 'viewer' }]);
    expect(JSON.stringify(listed.body)).not.toMatch(/rco_|[0-9a-f]{64}/);
    await rig.restart();
    expect(await statusAs(third.token)).toBe(200);
    expect((await rig.operator('/operators/ben/remove', { method: 'POST' })).status).toBe(200);
    expect(await statusAs(third.token)).toBe(401);
    for (const call of ['rotate', 'remove']) {
      expect((await rig.operator(`/operators/ben/${call}`, { method: 'POST' })).status).toBe(404);
    }
    const kept = await rig.server.database.selectFrom('ledger').select('detail_json').execute();
    expect(JSON.stringify(kept)).not.toContain('rco_');
  });

  test('are refused where the name is taken or cannot be one', async () => {
    rig = await startRig();
    await added('Équipe-3', 'admin', { days: null });
    const status = async (name: string) =>
      (await rig.operator('/operators', { body: { name, role: 'viewer' } })).status;
    expect(await status('Équipe-3')).toBe(409);
    for (const name of ['', 'a b', 'a/b', 'a\u202eb', 'x'.repeat(65), 'operator-token'])
      expect(await status(name)).toBe(422);
    expect((await rig.operator('/operators', { body: { name: 'x', role: 'root' } })).status).toBe(422);
  });

  test('are the only ones where the shared token is switched off', async () => {
    rig = await startRig();
    const { token } = await added('admin-1', 'admin');
    const shared = rig.server.operatorToken;
    await rig.restart({ sharedOperatorToken: false });
    expect([await statusAs(shared), await statusAs(token), await statusAs(token, '/operators')]).toEqual([
      401, 200, 200,
    ]);
  });
});
