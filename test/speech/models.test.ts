import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadModel, type DownloadPorts, type DownloadRequest } from '../../electron/work/speech/download-model.ts';
import { ModelDownloadError } from '../../electron/work/speech/download-refusal.ts';
import { createModelCommands } from '../../electron/work/speech/model-commands.ts';
import { listModelFiles, pickDetector, pickModel } from '../../electron/work/speech/model-folders.ts';
import { createModelLibrary, type ModelLibraryDeps } from '../../electron/work/speech/model-library.ts';
import type { AgentEvent } from '../../shared/event.ts';
import type { Refusal } from '../../shared/failure.ts';
import { KNOWN_MODELS, type ModelDownload } from '../../shared/speech-models.ts';
import { writeDetectorModel } from '../support/detector-model.ts';
import { writeWeightlessModel } from '../support/weightless-model.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let folder = '';
let model = Buffer.alloc(0);
let server: Server;
let base = '';
let handler: Handler;
const asked: { readonly url: string; readonly range?: string | undefined }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rushcatalog-models-'));
  const made = join(folder, 'made.bin');
  await writeWeightlessModel(made);
  model = await readFile(made);
  asked.length = 0;
  server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', range: request.headers.range });
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const sha1 = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('hex');

/** Serves `body` with ranges and an ETag; `cutAfter` bytes of an answer the connection breaks. */
function serve(
  body: Buffer,
  { etag = '"v1"', cutAfter = Infinity }: { etag?: string; cutAfter?: number } = {},
): Handler {
  return ({ headers }, response) => {
    const wanted = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
    const goesOn = wanted !== undefined && headers['if-range'] === etag;
    const from = goesOn ? Number(wanted) : 0;
    const part = body.subarray(from);
    response.writeHead(goesOn ? 206 : 200, {
      etag,
      'content-length': part.length,
      ...(goesOn ? { 'content-range': `bytes ${String(from)}-${String(body.length - 1)}/${String(body.length)}` } : {}),
    });
    if (part.length <= cutAfter) response.end(part);
    else response.write(part.subarray(0, cutAfter), () => response.destroy());
  };
}

const ports: DownloadPorts = { fetch, sleep: () => Promise.resolve() };
const wish = (change: Partial<DownloadRequest> = {}): DownloadRequest => ({
  url: `${base}/models/ggml-tiny.bin`,
  target: join(folder, 'own', 'ggml-tiny.bin'),
  sha256: sha256(model),
  sha1: sha1(model),
  approximateBytes: model.length,
  signal: new AbortController().signal,
  onProgress: () => undefined,
  onChecking: () => undefined,
  inspect: () => Promise.resolve(null),
  ...change,
});

async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ModelDownloadError) return error.refusal;
    throw error;
  }
  throw new Error('it was not refused');
}
const files = async (): Promise<string[]> => (await readdir(join(folder, 'own')).catch(() => [])).sort();

describe('a download', () => {
  it('arrives whole, checked and under its name', async () => {
    handler = serve(model);
    const seen: number[] = [];
    await downloadModel(wish({ onProgress: (bytes) => seen.push(bytes) }), ports);
    expect(await readFile(wish().target)).toEqual(model);
    expect(await files()).toEqual(['ggml-tiny.bin']);
    expect(seen.at(-1)).toBe(model.length);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('writes through no link that lies where its parts go', async () => {
    const precious = join(folder, 'precious.txt');
    await writeFile(precious, 'precious');
    await mkdir(join(folder, 'own'));
    const { target, url } = wish();
    for (const notes of [JSON.stringify({ url, etag: '"v1"' }), '']) {
      // With notes of an earlier try it would go on, and without it begins.
      await rm(`${target}.part.json`, { force: true });
      if (notes === '') await symlink(precious, `${target}.part.json`);
      else await writeFile(`${target}.part.json`, notes);
      await symlink(precious, `${target}.part`);
      handler = serve(model, { etag: '"v2"' });
      await downloadModel(wish(), ports);
      expect(await readFile(precious, 'utf8')).toBe('precious');
      expect((await lstat(target)).isFile()).toBe(true);
      expect(await readFile(target)).toEqual(model);
    }
  });

  it('cut again and again, it goes on where it stopped', async () => {
    handler = serve(model, { cutAfter: 150_000 });
    await downloadModel(wish(), ports);
    expect(await readFile(wish().target)).toEqual(model);
    const ranges = asked.map(({ range }) => range);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.slice(1).every((range) => /^bytes=\d+-$/.test(range ?? ''))).toBe(true);
    console.log(`cut ${String(asked.length - 1)} times, asked for`, ranges);
  });

  it('cancelled, it keeps what arrived; the next one goes on there, also in another process', async () => {
    const stop = new AbortController();
    handler = ({ headers }, response) => {
      void headers;
      response.writeHead(200, { etag: '"v1"', 'content-length': model.length });
      response.write(model.subarray(0, 200_000));
    };
    const running = refusalOf(
      downloadModel(wish({ signal: stop.signal, onProgress: (bytes) => bytes >= 200_000 && stop.abort() }), ports),
    );
    expect((await running).code).toBe('MODEL_DOWNLOAD_CANCELLED');
    expect(await files()).toEqual(['ggml-tiny.bin.part', 'ggml-tiny.bin.part.json']);
    handler = serve(model);
    await downloadModel(wish(), ports);
    expect(asked.at(-1)?.range).toBe('bytes=200000-');
    expect(sha256(await readFile(wish().target))).toBe(sha256(model));
  });

  it('cut by a server that knows no ranges, every byte lies at its place', async () => {
    let tries = 0;
    handler = (_request, response) => {
      tries += 1;
      response.writeHead(200, { 'content-length': model.length });
      if (tries === 3) response.end(model);
      else response.write(model.subarray(0, 150_000), () => response.destroy());
    };
    await downloadModel(wish(), ports);
    expect(tries).toBe(3);
    expect(await readFile(wish().target)).toEqual(model);
  });

  it.each(['', '{"url":', 'null'])('notes that say %j are no notes: it begins anew', async (notes) => {
    await mkdir(join(folder, 'own'));
    await writeFile(`${wish().target}.part`, Buffer.alloc(1000, 1));
    await writeFile(`${wish().target}.part.json`, notes);
    handler = serve(model);
    await downloadModel(wish(), ports);
    expect(await readFile(wish().target)).toEqual(model);
    expect(asked.map(({ range }) => range)).toEqual([undefined]);
  });

  it('is judged by what lies on the disk', async () => {
    await mkdir(join(folder, 'own'));
    // As long as what had arrived, but not what had arrived: a disk that lost a block.
    await writeFile(`${wish().target}.part`, Buffer.alloc(200_000, 1));
    await writeFile(`${wish().target}.part.json`, JSON.stringify({ url: wish().url, etag: '"v1"' }));
    handler = serve(model);
    expect((await refusalOf(downloadModel(wish(), ports))).code).toBe('MODEL_HASH_WRONG');
    expect(await files()).toEqual([]);
  });

  it('when the file changed meanwhile, it begins anew', async () => {
    await mkdir(join(folder, 'own'));
    await writeFile(`${wish().target}.part`, Buffer.alloc(1000, 1));
    await writeFile(`${wish().target}.part.json`, JSON.stringify({ url: wish().url, etag: '"old"' }));
    handler = serve(model, { etag: '"new"' });
    await downloadModel(wish(), ports);
    expect(await readFile(wish().target)).toEqual(model);
  });

  it('a wrong hash is refused and thrown away, and the file that was there stays', async () => {
    await mkdir(join(folder, 'own'));
    await writeFile(wish().target, 'the good one');
    handler = serve(Buffer.from(model).fill(7, 4000, 4001));
    for (const change of [{}, { sha256: undefined }]) {
      expect((await refusalOf(downloadModel(wish(change), ports))).code).toBe('MODEL_HASH_WRONG');
    }
    expect(await files()).toEqual(['ggml-tiny.bin']);
    expect(await readFile(wish().target, 'utf8')).toBe('the good one');
  });

  it('disk full: before it begins, and in the middle', async () => {
    handler = serve(model);
    const tight = { ...ports, freeBytes: () => Promise.resolve(1000) };
    expect(await refusalOf(downloadModel(wish(), tight))).toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringContaining('only 0 MB are free'),
    });
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const onProgress = (): void => {
      throw full;
    };
    expect((await refusalOf(downloadModel(wish({ onProgress }), ports))).code).toBe('DISK_FULL');
    expect(await files()).toEqual([]);
  });

  it('offline, silent, an error page and a redirect without encryption are said in words', async () => {
    const gone = wish({ url: 'http://127.0.0.1:1/ggml-tiny.bin' });
    expect(await refusalOf(downloadModel(gone, ports))).toMatchObject({
      code: 'MODEL_SERVER_UNREACHABLE',
      nextStep: expect.stringContaining('copy the file here'),
    });
    handler = () => undefined;
    expect(await refusalOf(downloadModel(wish(), { ...ports, silenceMs: 50 }))).toMatchObject({
      code: 'MODEL_SERVER_UNREACHABLE',
      message: expect.stringContaining('it went silent'),
    });
    handler = (_request, response) => response.writeHead(404).end('not here');
    expect((await refusalOf(downloadModel(wish(), ports))).code).toBe('MODEL_NOT_SERVED');
    const insecure: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      Object.defineProperty(response, 'url', { value: 'http://models.example/ggml-tiny.bin' });
      return response;
    };
    handler = serve(model);
    expect((await refusalOf(downloadModel(wish(), { ...ports, fetch: insecure }))).code).toBe('MODEL_SERVER_INSECURE');
  });

  it('a busy server is asked again', async () => {
    let count = 0;
    handler = (request, response) => {
      count += 1;
      if (count < 2) response.writeHead(503).end();
      else serve(model)(request, response);
    };
    await downloadModel(wish(), ports);
    expect(count).toBe(2);
  });
});

describe('the shelf', () => {
  const shelf = (change: Partial<ModelLibraryDeps> = {}) =>
    createModelLibrary({
      ...ports,
      folder: join(folder, 'own'),
      settings: () => ({ speechModelMirror: `${base}/models/` }),
      env: {},
      unchoose: () => null,
      ...change,
    });
  const states: ModelDownload[] = [];
  const options = {
    consent: false,
    signal: new AbortController().signal,
    onState: (state: ModelDownload) => states.push(state),
  };

  it('takes only what has the published hash, from the mirror', async () => {
    handler = serve(model);
    expect((await refusalOf(shelf().download('tiny', options))).code).toBe('MODEL_HASH_WRONG');
    expect(asked[0]?.url).toBe('/models/ggml-tiny.bin');
    expect((await refusalOf(shelf().download('enormous', options))).code).toBe('MODEL_UNKNOWN');
    expect(states.map(({ phase }) => phase)).toContain('checking');
  });

  it('an unknown file asks for consent, then is copied, listed, used and removed', async () => {
    const own = join(folder, 'made.bin');
    expect((await refusalOf(shelf().add(own, false))).code).toBe('MODEL_NEEDS_CONSENT');
    const path = await shelf().add(own, true);
    const [first] = (await shelf().list()).models;
    expect(first).toMatchObject({ name: 'made.bin', path, place: 'downloaded', inUse: true, hashKnown: false });
    expect((await shelf().list()).models.filter((entry) => entry.path === undefined)).toHaveLength(KNOWN_MODELS.length);
    expect((await shelf().remove('/etc/passwd'))?.code).toBe('MODEL_NOT_REMOVED');
    expect(await shelf().remove('made.bin')).toBeNull();
    expect(await files()).toEqual([]);
  });

  it('refuses what is no model', async () => {
    const page = join(folder, 'page.bin');
    await writeFile(page, '<html>Please sign in</html>'.repeat(10));
    expect((await refusalOf(shelf().add(page, true))).code).toBe('MODEL_WRONG_FORMAT');
  });

  it('prefers the chosen file, then the newest IT keeps, then the newest downloaded', async () => {
    const [managed, own] = [join(folder, 'managed'), join(folder, 'own')];
    await Promise.all([mkdir(managed), mkdir(own)]);
    const put = async (path: string, day: number): Promise<void> => {
      await writeFile(path, model);
      await utimes(path, day * 86_400, day * 86_400);
    };
    await put(join(own, 'a.bin'), 9);
    await put(join(managed, 'old.bin'), 1);
    await put(join(managed, 'new.bin'), 2);
    await writeDetectorModel(join(own, 'ggml-silero.bin'), 'everything');
    const files = await listModelFiles({ managed, own });
    expect(pickModel(files)?.path).toBe(join(managed, 'new.bin'));
    expect(pickDetector(files)?.path).toBe(join(own, 'ggml-silero.bin'));
    expect(pickModel(await listModelFiles({ own }))?.path).toBe(join(own, 'a.bin'));
    const chosen = join(folder, 'made.bin');
    expect(pickModel(await listModelFiles({ chosen, managed, own }))?.path).toBe(chosen);
    expect(pickModel(await listModelFiles({ chosen: join(folder, 'gone.bin'), own }))?.problem?.kind).toBe('missing');
  });

  it('commands: one download at a time, its course as events, cancelling keeps the part', async () => {
    const events: AgentEvent[] = [];
    const { handlers } = createModelCommands({
      library: shelf(),
      emit: (event) => events.push(event),
      choose: () => null,
      onChanged: () => undefined,
      monotonic: () => performance.now(),
    });
    const began = Promise.withResolvers<void>();
    handler = (_request, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': model.length });
      response.write(model.subarray(0, 100_000), () => began.resolve());
    };
    const download = { name: 'tiny', consent: false };
    expect(await handlers.downloadModel(download)).toEqual({});
    expect(await handlers.downloadModel(download)).toMatchObject({ refusal: { code: 'MODEL_DOWNLOAD_RUNNING' } });
    await began.promise;
    while (!events.some((event) => event.type === 'modelDownloadChanged' && event.download?.phase === 'downloading')) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await handlers.cancelModelDownload({});
    expect(events.at(-1)).toEqual({ type: 'modelDownloadChanged', download: null });
    expect((await stat(join(folder, 'own', 'ggml-tiny.bin.part'))).size).toBeGreaterThan(0);
    handler = serve(model);
    await handlers.downloadModel(download);
    while (!events.some((event) => event.type === 'modelDownloadChanged' && event.download?.phase === 'failed')) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const choose = { path: join(folder, 'made.bin'), consent: false };
    expect(await handlers.chooseModel(choose)).toMatchObject({ refusal: { code: 'MODEL_NEEDS_CONSENT' } });
    expect(await handlers.chooseModel({ ...choose, consent: true })).toEqual({});
  });

  it('every registry hash has the form of one and names the page it was read on', () => {
    for (const { sha256: hash, sha1: old, hashSources, licence } of KNOWN_MODELS) {
      if (hash !== undefined) expect(hash).toMatch(/^[0-9a-f]{64}$/);
      if (old !== undefined) expect(old).toMatch(/^[0-9a-f]{40}$/);
      expect(hashSources.length).toBeGreaterThan(0);
      for (const source of hashSources) expect(source).toMatch(/^https:\/\/huggingface\.co\//);
      expect(licence).toBe('MIT');
    }
    expect(new Set(KNOWN_MODELS.map((known) => known.fileName)).size).toBe(KNOWN_MODELS.length);
  });
});
