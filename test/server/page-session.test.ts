import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SECURITY_HEADERS } from '../../web/security-headers.ts';
import { startRig, type Answer, type CallOptions, type Rig } from './running.ts';

let pageDir: string;
let rig: Rig;
beforeAll(async () => {
  pageDir = await mkdtemp(join(tmpdir(), 'console-'));
  await mkdir(join(pageDir, 'assets'));
  await writeFile(join(pageDir, 'console.html'), '<!doctype html><title>RushCatalog</title>');
  await writeFile(join(pageDir, 'assets', 'console-abc.js'), 'export {};');
  await writeFile(join(pageDir, 'secret.txt'), 'no page');
});
afterAll(() => rm(pageDir, { recursive: true, force: true }));
afterEach(() => rig.stop());

interface SignedIn {
  readonly session: string;
  readonly name: string;
  readonly role: string;
  readonly expires_at: string;
}

const signIn = (name: string, token: string, more: CallOptions = {}): Promise<Answer<SignedIn>> =>
  rig.operator<SignedIn>('/page/session', { token: null, body: { name, token }, ...more });
const caller = (token: string, headers: Record<string, string> = {}) =>
  rig.operator('/page/caller', { token, headers });

async function addOperator(name: string, role: string): Promise<string> {
  const { body } = await rig.operator<{ token: string }>('/operators', { body: { name, role } });
  return body.token;
}

/** `fetch` sets Host by itself. */
function ask(
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${rig.server.url}${path}`, { headers }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (body += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('the page is served by exact name, with what forbids everything else, to its own name alone', async () => {
  rig = await startRig({ pageDir, registered: false });
  const page = await ask('/', {});
  expect(page).toMatchObject({ status: 200, headers: { ...SECURITY_HEADERS, 'cache-control': 'no-cache' } });
  expect(page.body).toContain('RushCatalog');
  expect((await ask('/assets/console-abc.js', {})).headers['cache-control']).toContain('immutable');
  for (const path of ['/secret.txt', '/assets/../secret.txt', '/assets/%2e%2e/secret.txt', '/page-secret'])
    expect((await ask(path, {})).status, path).toBe(404);
  // A name that was pointed at this machine, and a frame, a picture or a script of another page.
  expect((await ask('/', { host: 'evil.example' })).status).toBe(403);
  expect((await ask('/assets/console-abc.js', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect(
    (await ask('/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }))
      .status,
  ).toBe(403);
  expect(
    (await ask('/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }))
      .status,
  ).toBe(200);
});

test('a server without a page has none, and begins no session', async () => {
  rig = await startRig({ registered: false });
  expect((await ask('/', {})).status).toBe(404);
  expect((await signIn('operator-token', rig.server.operatorToken)).status).toBe(401);
});

test('a session is an operator’s by name and token, with the role they have now', async () => {
  rig = await startRig({ pageDir, registered: false });
  const token = await addOperator('anna', 'viewer');
  const { body, status, headers } = await signIn('anna', token);
  expect({ status, name: body.name, role: body.role }).toEqual({ status: 200, name: 'anna', role: 'viewer' });
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body.session).not.toContain(token);
  expect((await caller(body.session)).body).toEqual({ name: 'anna', role: 'viewer' });
  expect((await rig.operator('/jobs/all', { token: body.session })).status).toBe(200);
  expect((await rig.operator('/assets', { token: body.session, body: { source_path: 'R/a.mov' } })).status).toBe(403);
  for (const [name, given] of [
    ['anna', `${token}x`],
    ['bert', token],
    ['operator-token', token],
    ['anna', rig.server.operatorToken],
    ['anna', rig.server.agentToken],
  ] as const)
    expect((await signIn(name, given)).status, name).toBe(401);
  const shared = await signIn('operator-token', rig.server.operatorToken);
  expect(shared.body.role).toBe('admin');
  await rig.operator('/operators', { token: shared.body.session, body: { name: 'carl', role: 'viewer' } });
  const [line] = await rig.server.ledger({ event: 'operatorAdded', after: 1 });
  expect(line?.operator).toBe('operator-token');
});

test('a session is good at its origin alone', async () => {
  rig = await startRig({ pageDir, registered: false });
  const { body } = await signIn('operator-token', rig.server.operatorToken);
  const own = new URL(rig.server.url);
  const bearer = { authorization: `Bearer ${body.session}` };
  expect((await ask('/api/v1/page/caller', bearer)).status).toBe(200);
  expect((await ask('/api/v1/page/caller', { ...bearer, host: `localhost:${own.port}` })).status).toBe(401);
  expect((await ask('/api/v1/page/caller', { ...bearer, host: 'evil.example' })).status).toBe(403);
  for (const origin of ['http://evil.example', 'null', `https://${own.host}`, `http://${own.hostname}:1`])
    expect((await caller(body.session, { origin })).status, origin).toBe(403);
  expect((await caller(body.session, { origin: own.origin })).status).toBe(200);
  expect((await ask('/api/v1/page/caller', { ...bearer, 'sec-fetch-site': 'same-site' })).status).toBe(403);
  const foreign = await signIn('operator-token', rig.server.operatorToken, {
    headers: { origin: 'http://evil.example' },
  });
  expect(foreign.status).toBe(403);
});

test('a session ends after half a day, with its token, and when its operator goes', async () => {
  rig = await startRig({ pageDir, registered: false });
  const shared = (await signIn('operator-token', rig.server.operatorToken)).body;
  const rotated = (await signIn('anna', await addOperator('anna', 'operator'))).body.session;
  const overlapped = (await signIn('bert', await addOperator('bert', 'operator'))).body.session;
  const removed = (await signIn('carl', await addOperator('carl', 'operator'))).body.session;
  const brief = await rig.operator<{ token: string }>('/operators', { body: { name: 'dora', role: 'admin', days: 1 } });
  rig.clock.now += 20 * 3_600_000;
  const short = (await signIn('dora', brief.body.token)).body;
  expect(Date.parse(short.expires_at) - rig.clock.now).toBe(4 * 3_600_000);
  rig.clock.now -= 20 * 3_600_000;
  await rig.operator('/operators/anna/rotate', { body: {} });
  await rig.operator('/operators/bert/rotate', { body: { overlap_hours: 1 } });
  await rig.operator('/operators/carl/remove', { method: 'POST' });
  const statuses = async () => [
    (await caller(rotated)).status,
    (await caller(overlapped)).status,
    (await caller(removed)).status,
    (await caller(shared.session)).status,
  ];
  expect(await statuses()).toEqual([401, 200, 401, 200]);
  rig.clock.now += 2 * 3_600_000;
  expect(await statuses()).toEqual([401, 401, 401, 200]);
  rig.clock.now = Date.parse(shared.expires_at) - 1_000;
  expect((await caller(shared.session)).status).toBe(200);
  rig.clock.now += 2_000;
  expect((await caller(shared.session)).status).toBe(401);
});

test('a session outlives a restart, and no secret of one server makes one for another', async () => {
  rig = await startRig({ pageDir, registered: false });
  const { body } = await signIn('operator-token', rig.server.operatorToken);
  await rig.restart({ port: Number(new URL(rig.server.url).port) });
  expect((await caller(body.session)).status).toBe(200);
  const [prefix, until, proof] = body.session.split('.');
  for (const forged of [
    `${prefix}.${Number(until) + 1}.${proof}`,
    `rcs_YW5uYQ.${until}.${proof}`,
    'rcs_',
    `${prefix}.${until}.`,
  ])
    expect((await caller(forged)).status, forged).toBe(401);
  await rm(join(rig.dataDir, 'page-secret'));
  await rig.restart({ port: Number(new URL(rig.server.url).port) });
  expect((await caller(body.session)).status).toBe(401);
});

test('behind a proxy the page has the name that the proxy passes on', async () => {
  rig = await startRig({ pageDir, registered: false, behindProxy: true });
  const headers = { host: 'rushcatalog.studio.example' };
  expect((await ask('/', headers)).status).toBe(200);
  expect((await ask('/', { ...headers, origin: 'https://rushcatalog.studio.example' })).status).toBe(200);
  expect((await ask('/', { ...headers, origin: 'https://evil.example' })).status).toBe(403);
});
