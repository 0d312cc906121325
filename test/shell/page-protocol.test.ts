import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listStaticFiles } from '../../web/static-files.ts';
import { createPageHandler, type PageHandler } from '../../electron/shell/page-protocol.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';
import { createScriptedAgent } from '../support/scripted-agent.ts';

const none = (): void => undefined;
const log = { info: none, warn: none, error: none };
const asset = uuidOf(1);
const bytes = new TextEncoder().encode('0123456789');
let folder: string;
let handle: PageHandler;

const get = (path: string, init?: RequestInit): Promise<Response> =>
  handle(new Request(`app://rushcatalog${path}`, init));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-protocol-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(folder, 'assets', 'a.js'), 'void 0;');
  await writeFile(join(folder, 'secret.txt'), 'not served');
  const agent = createScriptedAgent(sampleSnapshot());
  agent.derived.set(`${asset}/video`, { contentType: 'video/mp4', bytes });
  agent.derived.set(`${asset}/page`, { contentType: 'text/html', bytes });
  handle = createPageHandler({ agent, files: await listStaticFiles(folder), log });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the app’s own scheme', () => {
  it.each(['/', '/index.html', '/index.html?x=1'])('serves the page at %s with a strict CSP', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await answer.text()).toContain('<title>page</title>');
    const csp = answer.headers.get('content-security-policy') ?? '';
    expect(csp).toContain("default-src 'none'");
    expect(csp).not.toContain('unsafe-');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([
    '/secret.txt',
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%2fsecret.txt',
    '//etc/passwd',
    '/derived',
    '/derived/%E0%A4%A/x',
    `/derived/${asset}/..%2F..%2Fjobs%2Fall`,
    `/derived/not-a-uuid/video`,
    `/derived/${asset}/%2e%2e`,
  ])('has nothing at %s', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('has nothing under another host, and takes no writes', async () => {
    expect((await handle(new Request('app://other/index.html'))).status).toBe(404);
    expect((await get('/index.html', { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it('says so when a file of the page went away', async () => {
    await rm(join(folder, 'assets', 'a.js'));
    expect((await get('/assets/a.js')).status).toBe(404);
  });
});

describe('derived files', () => {
  const url = `/derived/${asset}/video`;

  it('come whole', async () => {
    const answer = await get(url);
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'video/mp4',
      '0123456789',
    ]);
  });

  it('come in ranges, so that a video can be seeked', async () => {
    const answer = await get(url, { headers: { range: 'bytes=2-4' } });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe('bytes 2-4/10');
    expect(await answer.text()).toBe('234');
    const beyond = await get(url, { headers: { range: 'bytes=90-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10']);
  });

  it('never run as our page', async () => {
    const answer = await get(`/derived/${asset}/page`);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(answer.headers.get('content-disposition')).toBe('attachment');
    expect(answer.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
  });

  it('that are gone are said to be', async () => {
    const answer = await get(`/derived/${asset}/gone`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: 'DERIVED_NOT_FOUND' });
  });
});
