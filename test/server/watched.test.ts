import { randomBytes, randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import type { ServerLog } from '../../server/options.ts';
import { onPostgres } from '../support/postgres.ts';
import { ALL_CAPABILITIES, claimAndSubmit, claimJob, newJob, registerAgent, startRig, type Rig } from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

interface Line {
  readonly message: string;
  readonly request_id?: unknown;
  readonly [field: string]: unknown;
}

function keptLog(): { readonly log: ServerLog; readonly lines: Line[] } {
  const lines: Line[] = [];
  const keep = (fields: Readonly<Record<string, unknown>>, message: string): void =>
    void lines.push({ ...fields, message });
  return { log: { info: keep, warn: keep, error: keep }, lines };
}

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${rig.server.url}${path}`, { headers });

describe('a request', () => {
  test('has the id that it came with, or one of its own, in its answer, in a refusal and in the log', async () => {
    const { log, lines } = keptLog();
    rig = await startRig({ log, accessLog: true });
    const named = await rig.operator('/jobs/nowhere', { headers: { 'x-request-id': 'proxy-7.1/a=b' } });
    expect([named.headers.get('x-request-id'), named.body['request_id']]).toEqual(['proxy-7.1/a=b', 'proxy-7.1/a=b']);
    for (const odd of ['', 'a b', 'x'.repeat(129), '"}{']) {
      const answer = await rig.operator('/jobs/nowhere', { headers: { 'x-request-id': odd } });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.body['request_id']).toBe(answer.headers.get('x-request-id'));
    }
    const good = await rig.operator('/jobs/queue', { headers: { 'x-request-id': 'good' } });
    expect([good.headers.get('x-request-id'), good.body['request_id']]).toEqual(['good', undefined]);
    const unrouted = await get('/%zz', { 'x-request-id': 'unrouted' });
    expect([unrouted.headers.get('x-request-id'), await unrouted.json()]).toMatchObject([
      'unrouted',
      { request_id: 'unrouted' },
    ]);
    await rig.server.database.destroy();
    const broken = await rig.operator('/jobs/queue', { headers: { 'x-request-id': 'broken' } });
    expect([broken.status, broken.body['request_id']]).toEqual([500, 'broken']);
    const of = (id: string) => lines.filter(({ request_id }) => request_id === id);
    expect(of('broken')).toMatchObject([
      { message: 'a request failed' },
      { message: 'answered', method: 'GET', path: '/api/v1/jobs/queue', status: 500 },
    ]);
    expect(of('good')).toMatchObject([{ message: 'answered', status: 200 }]);
    for (const line of lines) expect(JSON.stringify(line)).not.toContain(rig.server.operatorToken);
  });
});

describe('a server that is looked at', () => {
  const readiness = async () => {
    const answer = await get('/readyz');
    const text = await answer.text();
    // Nothing of this machine's paths, and nothing a driver said.
    expect(text).not.toContain(rig.dataDir);
    expect(text).not.toMatch(/destroyed|ENOTDIR/);
    const { status, checks } = JSON.parse(text) as { status: string; checks: Record<string, { ok: boolean }> };
    const wrong = Object.entries(checks).filter(([, { ok }]) => !ok);
    expect([answer.status, status]).toEqual(wrong.length === 0 ? [200, 'ready'] : [503, 'not ready']);
    return Object.fromEntries(wrong);
  };

  test('says that it can work, or what keeps it from it', async () => {
    rig = await startRig();
    expect(await readiness()).toEqual({});
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });

    const derived = join(rig.dataDir, 'derived');
    renameSync(derived, `${derived}-away`);
    writeFileSync(derived, '');
    expect(await readiness()).toMatchObject({ files: { why: 'derived files cannot be written' } });
    rmSync(derived);
    renameSync(`${derived}-away`, derived);
    expect(await readiness()).toEqual({});

    const { database } = rig.server;
    const version = onPostgres ? 'UPDATE rushcatalog_schema SET version =' : 'PRAGMA user_version =';
    await sql.raw(`${version} 99`).execute(database);
    expect(await readiness()).toMatchObject({ schema: { why: expect.stringMatching(/schema 99.*update it/) } });
    await sql.raw(`${version} 0`).execute(database);
    expect(await readiness()).toMatchObject({ schema: { why: expect.stringMatching(/schema 0.*newer/) } });

    await database.destroy();
    expect(await readiness()).toMatchObject({ database: { why: 'it failed' }, schema: {} });
    expect((await get('/healthz')).status).toBe(200);
  });
});

describe('metrics', () => {
  /** `name{labels}` → value. */
  const scrape = async (): Promise<ReadonlyMap<string, number>> => {
    const answer = await get('/metrics');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/plain/)]);
    const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]));
  };

  test('count calls by their template, jobs, leases, claims, lapses and bytes', async () => {
    rig = await startRig({ metrics: {}, leaseSeconds: 60 });
    const done = await claimJob(rig, await newJob(rig));
    await claimAndSubmit(rig, done, randomBytes(1_234));
    const held = await newJob(rig, 'generate_audio_waveform');
    await claimJob(rig, held);
    await newJob(rig, 'generate_audio_waveform');
    const other = await registerAgent(rig, randomUUID(), ALL_CAPABILITIES);
    expect((await rig.agent(`/jobs/${held.jobId}/claim`, { method: 'POST', agentId: other })).status).toBe(409);
    expect((await rig.agent(`/jobs/${randomUUID()}/claim`, { method: 'POST' })).status).toBe(404);
    await rig.server.insertRawJob({ jobType: 'dance', document: {} });
    const seen = await scrape();
    const route = 'route="/api/v1/jobs/:id/claim"';
    expect(Object.fromEntries(seen)).toMatchObject({
      'rushcatalog_claims_total{result="granted"}': 2,
      'rushcatalog_claims_total{result="conflict"}': 1,
      'rushcatalog_claims_total{result="refused"}': 1,
      [`rushcatalog_http_request_duration_seconds_count{method="POST",${route},status="200"}`]: 2,
      [`rushcatalog_http_request_duration_seconds_count{method="POST",${route},status="409"}`]: 1,
      'rushcatalog_jobs{job_type="generate_thumbnails",status="completed"}': 1,
      'rushcatalog_jobs{job_type="generate_audio_waveform",status="claimed"}': 1,
      'rushcatalog_jobs{job_type="generate_audio_waveform",status="pending"}': 1,
      'rushcatalog_jobs{job_type="other",status="pending"}': 1,
      rushcatalog_leases_held: 1,
      rushcatalog_leases_lapsed_total: 0,
      rushcatalog_upload_received_bytes_total: 1_234,
      rushcatalog_database_up: 1,
    });
    expect([...seen.keys()].filter((name) => name.includes(held.jobId))).toEqual([]);
    expect(seen.has('rushcatalog_database_connections{state="busy"}')).toBe(onPostgres);
    rig.clock.now += 61_000;
    await rig.server.sweep();
    const later = await scrape();
    expect([later.get('rushcatalog_leases_lapsed_total'), later.get('rushcatalog_leases_held')]).toEqual([1, 0]);
    await rig.server.database.destroy();
    const without = await scrape();
    expect([without.get('rushcatalog_database_up'), without.get('rushcatalog_claims_total{result="granted"}')]).toEqual(
      [0, 2],
    );
    expect([...without.keys()].filter((name) => name.startsWith('rushcatalog_jobs{'))).toEqual([]);
  });

  test('are read from this machine, or with a token, and only where somebody wants them', async () => {
    rig = await startRig({ metrics: { token: 'of-prometheus' } });
    const status = async (headers: Record<string, string>) => (await get('/metrics', headers)).status;
    const proxied = { 'x-forwarded-for': '10.0.0.7' };
    const bearer = (token: string) => ({ ...proxied, authorization: `Bearer ${token}` });
    expect(await status({})).toBe(200);
    expect(await status(proxied)).toBe(401);
    expect(await status({ via: '1.1 nginx' })).toBe(401);
    // A page that had its own name lead to this machine.
    expect(await statusAs('rebound.example')).toBe(401);
    expect(await statusAs('localhost:4180')).toBe(200);
    expect(await status(bearer('of-prometheus'))).toBe(200);
    expect(await status(bearer('of-prometheuz'))).toBe(401);
    expect(await status(bearer(rig.server.operatorToken))).toBe(200);
    expect(await status(bearer(rig.server.agentToken))).toBe(403);
    expect((await rig.operator('/jobs/queue', { token: 'of-prometheus' })).status).toBe(401);
    await rig.stop();
    rig = await startRig();
    expect(await status({})).toBe(404);
  });

  const statusAs = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(`${rig.server.url}/metrics`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject).end();
    });
});
