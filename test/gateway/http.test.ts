import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayLog } from '../../electron/gateway/agent-port.ts';
import { sessionsOf, type PageKeys } from '../../web/page-session.ts';
import { startWebView, type WebView } from '../../electron/gateway/http.ts';
import { RefusedError } from '../../shared/failure.ts';
import { derivedPath, grantedUntil, grantText } from '../../shared/media-grant.ts';
import type { Update } from '../../shared/update.ts';
import { PROGRAM_SETTINGS, TRUST_SETTINGS } from '../../shared/settings.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';
import { createScriptedAgent } from '../support/scripted-agent.ts';

const logged: string[] = [];
const note = (fields: object, message: string): void => void logged.push(JSON.stringify({ ...fields, message }));
const log: GatewayLog = { info: note, warn: note, error: note };

const ASSET = uuidOf(77);
const BYTES = new Uint8Array(100_000).map((_, index) => index % 251);
const agent = createScriptedAgent(sampleSnapshot());
let folder: string;
let staticDir: string;
let tokenFile: string;
let view: WebView;
let token: string;
let keys: PageKeys;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'web-view-'));
  staticDir = join(folder, 'page');
  tokenFile = join(folder, 'keys', 'web-token');
  await mkdir(join(staticDir, 'assets'), { recursive: true });
  await writeFile(join(staticDir, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(staticDir, 'assets', 'index-abc.js'), 'export {};');
  await writeFile(join(staticDir, 'notes.sqlite'), 'not part of a page');
  await writeFile(join(folder, 'secret.html'), 'outside the page');
  agent.derived.set(`${ASSET}/thumb 0/é.webp`, { contentType: 'image/webp', bytes: BYTES });
  agent.derived.set(`${ASSET}/evil`, {
    contentType: 'text/html',
    bytes: new TextEncoder().encode('<script>1</script>'),
  });
  view = await startWebView({ agent, staticDir, port: 0, tokenFile, log });
  token = new URL(view.url).hash.replace('#token=', '');
  keys = await keysAt(view.origin);
});

afterAll(async () => {
  await view.close();
  await rm(folder, { recursive: true, force: true });
});

interface CallOptions {
  readonly body?: unknown;
  readonly raw?: string;
  readonly headers?: Record<string, string>;
  readonly at?: string;
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
}

/** node:http rather than fetch: it sends the path, Host and Origin exactly as given. */
function call(method: string, path: string, options: CallOptions = {}): Promise<Answered> {
  const { hostname, port } = new URL(options.at ?? view.origin);
  const body = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  const type: Record<string, string> = options.body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { hostname, port, method, path, headers: { ...type, ...options.headers } },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const bytes = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: bytes.toString(), bytes });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** What a page of this origin gets for the token. */
async function keysAt(at: string): Promise<PageKeys> {
  return JSON.parse((await call('POST', '/session', { body: { token }, at })).text) as PageKeys;
}

const inside = (headers: Record<string, string> = {}): Record<string, string> => ({
  authorization: `Bearer ${keys.session}`,
  ...headers,
});

/** As a page makes it (renderer/bridge/http.ts); `until` in ms since 1970. */
function shown(asset: string, ref: string, until = grantedUntil(Date.now()), mediaKey = keys.mediaKey): string {
  const grant = createHmac('sha256', mediaKey)
    .update(grantText(asset, ref, until))
    .digest('base64url');
  return `/${derivedPath(asset, ref)}?until=${until}&grant=${grant}`;
}

describe('the session', () => {
  it('is begun with the token of a 0600 file and is not the token itself', async () => {
    expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);
    expect((await readFile(tokenFile, 'utf8')).trim()).toBe(token);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(JSON.stringify(keys)).not.toContain(token);
    const { headers } = await call('POST', '/session', { body: { token } });
    expect([headers['set-cookie'], headers['cache-control']]).toEqual([undefined, 'no-store']);
  });

  it.each([{ token: 'x'.repeat(43) }, { token: '' }, {}, null, { token: 7 }])('is refused for %j', async (body) => {
    const { status, headers } = await call('POST', '/session', { body });
    expect(status).toBe(401);
    expect(headers['set-cookie']).toBeUndefined();
  });

  it('is needed for commands, the channel and derived files', async () => {
    const { session } = keys;
    const other = session.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    const late = session.replace(/^\d+/, (until) => String(Number(until) + 1));
    const given = [undefined, `Bearer ${other}`, `Bearer ${late}`, `Bearer ${token}`, `Basic ${session}`];
    const headers = given.map((authorization) => (authorization === undefined ? {} : { authorization }));
    for (const each of [...headers, { cookie: `rushcatalog=${session}` }] as Record<string, string>[]) {
      expect((await call('POST', '/rpc/pause', { body: {}, headers: each })).status).toBe(401);
      expect((await call('GET', '/watch', { headers: each })).status).toBe(401);
    }
    expect(agent.executed).toEqual([]);
  });

  it('is one origin’s: what another port or name was given opens nothing here', async () => {
    const port = new URL(view.origin).port;
    for (const host of [`127.0.0.1:${Number(port) + 1}`, `localhost:${port}`, `[::1]:${port}`]) {
      const begun = await call('POST', '/session', { body: { token }, headers: { host } });
      const elsewhere = JSON.parse(begun.text) as PageKeys;
      const headers = { authorization: `Bearer ${elsewhere.session}` };
      expect((await call('POST', '/rpc/history', { body: {}, headers })).status).toBe(401);
      expect((await call('POST', '/rpc/history', { body: {}, headers: { ...headers, host } })).status).toBe(200);
      expect((await call('GET', shown(ASSET, 'evil', undefined, elsewhere.mediaKey))).status).toBe(401);
    }
  });

  it('ends after 30 days', () => {
    let now = 1_000_000;
    const sessions = sessionsOf(token, () => now);
    const authorization = `Bearer ${sessions.begin('127.0.0.1:1').session}`;
    now += 30 * 24 * 3600_000 - 1;
    expect(sessions.isIn(authorization, '127.0.0.1:1')).toBe(true);
    now += 1;
    expect(sessions.isIn(authorization, '127.0.0.1:1')).toBe(false);
  });

  it('is not what shows a derived file: each address has a grant for that file, for a day at most', async () => {
    const day = 24 * 3600_000;
    const [path = ''] = shown(ASSET, 'evil').split('?');
    const refused = [
      path,
      shown(ASSET, 'thumb').replace('/thumb?', '/evil?'),
      shown(uuidOf(78), 'evil').replace(uuidOf(78), ASSET),
      shown(ASSET, 'evil', Date.now() - 1),
      shown(ASSET, 'evil', Date.now() + day + 60_000),
      shown(ASSET, 'evil', undefined, keys.session),
      `${shown(ASSET, 'evil')}&grant=again`,
    ];
    for (const each of refused) expect((await call('GET', each, { headers: inside() })).status, each).toBe(401);
    expect((await call('GET', shown(ASSET, 'evil'))).status).toBe(200);
  });

  it.each([
    ...PROGRAM_SETTINGS.map((name) => [name, 'SETTING_NAMES_PROGRAM'] as const),
    ...TRUST_SETTINGS.map((name) => [name, 'SETTING_DECIDES_TRUST'] as const),
  ])('is not enough to set %s', async (name, code) => {
    const body = { change: { maxParallelJobs: 3, [name]: '/tmp/evil' } };
    const before = agent.executed.length;
    const { status, text } = await call('POST', '/rpc/changeSettings', { body, headers: inside() });
    const refusal = { code, field: name, nextStep: expect.stringContaining('config set') };
    expect([status, JSON.parse(text)]).toMatchObject([403, { ok: false, refusal }]);
    expect(agent.executed).toHaveLength(before);
  });

  it('shows the token of one server to no other', async () => {
    const before = agent.executed.length;
    const set = (serverUrl: unknown) =>
      call('POST', '/rpc/changeSettings', { body: { change: { agentName: 'x', serverUrl } }, headers: inside() });
    for (const address of ['https://evil.example', '', 7]) {
      const { status, text } = await set(address);
      const refusal = { code: 'SERVER_WITHOUT_TOKEN', field: 'serverUrl' };
      expect([status, JSON.parse(text)], String(address)).toMatchObject([403, { ok: false, refusal }]);
    }
    expect(agent.executed).toHaveLength(before);
    // Back to the built-in server: nobody is shown it.
    expect((await set(null)).status).toBe(200);
    // With a token of its own.
    const body = { serverUrl: 'https://other.example', kind: 'token', secret: 'its own' };
    expect((await call('POST', '/rpc/pair', { body, headers: inside() })).status).toBe(200);
    expect(agent.executed).toHaveLength(before + 2);
  });

  it('survives a restart of the agent, and ends with the token file', async () => {
    const first = await startWebView({ agent, staticDir, port: 0, tokenFile, log });
    const port = Number(new URL(first.origin).port);
    const headers = { authorization: `Bearer ${(await keysAt(first.origin)).session}` };
    await first.close();
    const again = await startWebView({ agent, staticDir, port, tokenFile, log });
    expect((await call('POST', '/rpc/history', { body: {}, headers, at: again.origin })).status).toBe(200);
    await again.close();
    const other = await startWebView({ agent, staticDir, port, tokenFile: join(folder, 'other'), log });
    expect((await call('POST', '/rpc/history', { body: {}, headers, at: other.origin })).status).toBe(401);
    await other.close();
  });

  it('never writes the token or a key to the log', () => {
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.join('\n')).not.toContain(token);
    for (const key of Object.values(keys)) expect(logged.join('\n')).not.toContain(key);
  });
});

describe('attacks', () => {
  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io', 'localhost:x'])(
    'rebinding: Host %j',
    async (host) => {
      for (const path of ['/', '/watch', shown(ASSET, 'evil')]) {
        expect((await call('GET', path, { headers: inside({ host }) })).status).toBe(403);
      }
      const { status, headers } = await call('POST', '/session', { body: { token }, headers: { host } });
      expect([status, headers['set-cookie']]).toEqual([403, undefined]);
    },
  );

  it.each(['http://evil.example', 'null', 'http://127.0.0.1:1'])('foreign Origin %s', async (origin) => {
    expect((await call('POST', '/rpc/pause', { body: {}, headers: inside({ origin }) })).status).toBe(403);
    expect((await call('GET', '/watch', { headers: inside({ origin }) })).status).toBe(403);
    expect((await call('OPTIONS', '/rpc/pause', { headers: { origin } })).status).toBe(403);
  });

  it('the page’s own Origin is let in', async () => {
    const headers = inside({ origin: view.origin, 'sec-fetch-site': 'same-origin' });
    expect((await call('POST', '/rpc/history', { body: {}, headers })).status).toBe(200);
  });

  it('pictures embedded by another local server’s page', async () => {
    for (const site of ['same-site', 'cross-site']) {
      const headers = inside({ 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' });
      expect((await call('GET', shown(ASSET, 'evil'), { headers })).status).toBe(403);
      const visit = { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
      expect((await call('GET', '/', { headers: visit })).status).toBe(200);
      expect((await call('GET', '/watch', { headers: inside(visit) })).status).toBe(403);
      expect((await call('GET', '/', { headers: { ...visit, 'sec-fetch-dest': 'iframe' } })).status).toBe(403);
    }
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'a body as %s',
    async (type) => {
      const headers = inside({ 'content-type': type });
      expect((await call('POST', '/rpc/pause', { raw: '{}', headers })).status).toBe(415);
      expect((await call('POST', '/session', { raw: JSON.stringify({ token }), headers })).status).toBe(415);
    },
  );

  it('a body without a type, broken JSON, and one that is too large', async () => {
    expect((await call('POST', '/rpc/pause', { raw: '{}', headers: inside() })).status).toBe(415);
    const json = inside({ 'content-type': 'application/json' });
    expect((await call('POST', '/rpc/pause', { raw: '{"a":', headers: json })).status).toBe(400);
    expect((await call('POST', '/rpc/pause', { raw: '{"__proto__":{"x":1}}', headers: json })).status).toBe(400);
    expect((await call('POST', '/rpc/pause', { raw: `"${'x'.repeat(1_100_000)}"`, headers: json })).status).toBe(413);
  });

  it.each([
    '/../secret.html',
    '/%2e%2e/secret.html',
    '/..%2fsecret.html',
    '/assets/../../secret.html',
    '/assets/..%2f..%2fsecret.html',
    '/%5c..%5csecret.html',
    '//etc/passwd',
    '/index.html%00.js',
    '/notes.sqlite',
    '/assets/',
  ])('path traversal %s', async (path) => {
    const { status, text } = await call('GET', path, { headers: inside() });
    expect([status, text]).toEqual([404, expect.stringContaining('NOT_FOUND')]);
  });

  it('a derived ref that would climb', async () => {
    for (const ref of ['..', '.', '%2e%2e']) {
      const path = shown(ASSET, decodeURIComponent(ref)).replace(/\/[.]+[?]/, `/${ref}?`);
      expect((await call('GET', path)).status).toBe(404);
    }
    expect((await call('GET', shown('not-a-uuid', 'evil'))).status).toBe(404);
  });

  it('a derived file that claims to be a web page is only bytes', async () => {
    const { headers } = await call('GET', shown(ASSET, 'evil'));
    expect(headers['content-type']).toBe('application/octet-stream');
    expect(headers['content-disposition']).toBe('attachment');
    expect(headers['content-security-policy']).toContain('sandbox');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});

describe('what is served', () => {
  it('carries strict headers everywhere', async () => {
    const answers = [
      await call('GET', '/'),
      await call('GET', '/assets/index-abc.js'),
      await call('GET', '/nothing'),
      await call('POST', '/rpc/pause', { body: {} }),
    ];
    for (const { headers } of answers) {
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('serves the page without a session, and only hashed files as immutable', async () => {
    const page = await call('GET', '/');
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers['cache-control']).toBe('no-cache');
    expect((await call('GET', '/assets/index-abc.js')).headers['cache-control']).toContain('immutable');
  });

  it('runs commands and says what is wrong with an input', async () => {
    const done = await call('POST', '/rpc/cancelJob', { body: { jobId: uuidOf(3) }, headers: inside() });
    expect([done.status, done.text]).toEqual([200, '{"ok":true,"output":{}}']);
    const wrong = await call('POST', '/rpc/cancelJob', { body: { jobId: 3 }, headers: inside() });
    expect([wrong.status, JSON.parse(wrong.text)]).toMatchObject([400, { refusal: { field: 'jobId' } }]);
    expect((await call('POST', '/rpc/nonsense', { body: {}, headers: inside() })).status).toBe(400);
  });

  it('streams a derived file with and without Range', async () => {
    const path = shown(ASSET, 'thumb 0/é.webp');
    const whole = await call('GET', path, { headers: inside() });
    expect([whole.status, whole.headers['content-type'], whole.headers['accept-ranges']]).toEqual([
      200,
      'image/webp',
      'bytes',
    ]);
    expect(whole.bytes.equals(Buffer.from(BYTES))).toBe(true);
    const part = await call('GET', path, { headers: inside({ range: 'bytes=10-19' }) });
    expect([part.status, part.headers['content-range']]).toEqual([206, 'bytes 10-19/100000']);
    expect(part.bytes.equals(Buffer.from(BYTES.slice(10, 20)))).toBe(true);
    const beyond = await call('GET', path, { headers: inside({ range: 'bytes=100000-' }) });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */100000']);
    expect((await call('GET', shown(ASSET, 'none'))).status).toBe(404);
  });

  it('says so when the server cannot be asked for a file', async () => {
    const offline = { ...agent, openDerived: () => Promise.reject(new TypeError('fetch failed')) };
    const other = await startWebView({ agent: offline, staticDir, port: 0, tokenFile, log });
    const { mediaKey } = await keysAt(other.origin);
    const answer = await call('GET', shown(ASSET, 'evil', undefined, mediaKey), { at: other.origin });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([502, { code: 'SERVER_UNREACHABLE' }]);
    await other.close();
  });
});

describe('the channel', () => {
  it('begins with a snapshot, passes events on, pulses, and ends with the view', async () => {
    // One of its own: what the calls before set off is told a moment later.
    const watched = createScriptedAgent(sampleSnapshot());
    const other = await startWebView({ agent: watched, staticDir, port: 0, tokenFile, log });
    const { session } = await keysAt(other.origin);
    const response = await fetch(`${other.origin}/watch`, { headers: { authorization: `Bearer ${session}` } });
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const readUntil = async (enough: () => boolean): Promise<void> => {
      while (!enough()) {
        const chunk = await reader?.read();
        if (chunk === undefined || chunk.done) return;
        text += chunk.value;
      }
    };
    const updates = (): Update[] =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Update);
    await readUntil(() => text.includes('\n'));
    expect(updates()[0]).toEqual({ kind: 'snapshot', snapshot: watched.snapshot() });
    watched.emit({ type: 'phaseChanged', phase: 'paused' });
    await readUntil(() => text.includes('phaseChanged'));
    const told = updates().find(({ kind }) => kind === 'events');
    expect(told).toMatchObject({ events: [{ type: 'phaseChanged', phase: 'paused' }] });
    if (told?.kind === 'events') expect(told.revision).toBe(told.base + 1);
    await readUntil(() => text.endsWith('\n\n'));
    await other.close();
    await readUntil(() => false);
  });
});

describe('a start that fails', () => {
  const start = (change: { port?: number; staticDir?: string; tokenFile?: string }) =>
    startWebView({ agent, staticDir, port: 0, tokenFile, log, ...change }).then(
      () => null,
      (error: unknown) => (error instanceof RefusedError ? error.refusal : error),
    );

  it('names a taken port', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await start({ port })).toEqual({
      code: 'PORT_TAKEN',
      message: `Port ${port} is already in use.`,
      nextStep: expect.stringContaining('--web PORT'),
    });
    blocker.close();
  });

  it('names a page that was not built', async () => {
    expect(await start({ staticDir: join(folder, 'nowhere') })).toMatchObject({ code: 'PAGE_MISSING' });
  });

  it('names a token file that holds no token, and does not overwrite it', async () => {
    const file = join(folder, 'precious.txt');
    await writeFile(file, 'something else', { mode: 0o644 });
    expect(await start({ tokenFile: file })).toMatchObject({ code: 'TOKEN_FILE_UNUSABLE' });
    expect(await readFile(file, 'utf8')).toBe('something else');
  });

  it('narrows the mode of an existing token file', async () => {
    const file = join(folder, 'wide');
    await writeFile(file, token, { mode: 0o644 });
    const opened = await startWebView({ agent, staticDir, port: 0, tokenFile: file, log });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await opened.close();
  });
});
