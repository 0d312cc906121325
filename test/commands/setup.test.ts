import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { browse } from '../../electron/agent/commands/browse.ts';
import {
  saveRoots,
  settingsCommands,
  type SettingsCommandDeps,
} from '../../electron/agent/commands/change-settings.ts';
import { executeBy } from '../../electron/agent/commands/handlers.ts';
import { serverCommands, type ServerAccessDeps } from '../../electron/agent/commands/server-access.ts';
import { freeName, importCommands } from '../../electron/compose/work/import-commands.ts';
import { createImporter, type Importer } from '../../electron/compose/work/importer.ts';
import { Journal } from '../../electron/agent/journal/journal.ts';
import { systemClock } from '../../electron/work/clock.ts';
import { createSettingsStore, type SettingsStore } from '../../electron/agent/settings/settings-store.ts';
import { createMediaRoots } from '../../electron/work/storage/media-roots.ts';
import { createSandboxPort } from '../../electron/work/process/sandbox-port.ts';
import { createStore, type Store } from '../../electron/agent/store/store.ts';
import { tokenFromFile } from '../../electron/agent/server/token-source.ts';
import { createOperatorClient } from '../../electron/compose/operator/operator-client.ts';
import { tokenFileStore } from '../../electron/compose/token-file.ts';
import { createWorkPort, type WorkPort } from '../../electron/compose/work/work-port.ts';
import { createServer, type RunningServer } from '../../server/server.ts';
import { COMMANDS, type CommandName } from '../../shared/commands.ts';
import type { Refusal } from '../../shared/failure.ts';
import type { FolderListing, WorkPlan, AddedFile } from '../../shared/setup-commands.ts';
import { API_BASE } from '../../shared/wire.ts';
import { PATIENCE_MS } from '../support/children/alive.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { h264Clip } from '../support/made-media.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';

let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'setup-')));
  server = await createServer({ dataDir: join(folder, 'server') });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const INSTALLATION_ID = '0d1f0c1e-9a1b-4c59-8f0e-6a2e7c1b5d10';

interface SetupDeps extends SettingsCommandDeps, ServerAccessDeps {
  readonly services: SettingsCommandDeps['services'] & ServerAccessDeps['services'];
  readonly work: WorkPort | null;
  readonly importer: Importer | null;
}

interface Bench {
  readonly deps: SetupDeps;
  readonly store: Store;
  readonly settings: SettingsStore;
  readonly asked: string[];
}

function bench(change: Partial<SetupDeps> = {}, settings: SettingsStore = createSettingsStore(null)): Bench {
  const store = createStore(sampleSnapshot({ settings: settings.view() }));
  const asked: string[] = [];
  const deps: SetupDeps = {
    services: { store, clock: systemClock, roots: createMediaRoots(settings.view().values.mediaRoots, systemClock) },
    capabilities: {
      setEnabled: (name, enabled) => void asked.push(`${name} ${enabled}`),
      refresh: async () => void asked.push('refresh'),
      test: async () => ({ status: 'missing' }),
    },
    settings,
    wake: () => void asked.push('wake'),
    fetch,
    token: () => server.agentToken,
    serverUrl: server.url,
    tokenStore: null,
    installation: () => ({ id: INSTALLATION_ID, secret: 'only here' }),
    work: null,
    importer: importerOf(change.work ?? null, store, settings),
    ...change,
  };
  return { deps, store, settings, asked };
}

function importerOf(work: SetupDeps['work'], store: Store, settings: SettingsStore): SetupDeps['importer'] {
  if (work === null) return null;
  const rows = new Journal(join(folder, `journal-${randomUUID()}.sqlite`)).imports;
  const roots = () => settings.view().values.mediaRoots;
  const log = { warn: () => undefined };
  return createImporter({
    rows,
    work,
    store,
    roots,
    clock: systemClock,
    uuid: randomUUID,
    log,
    onAdded: () => undefined,
  });
}

/** As the dispatch does it: parsed by the command’s own schema first. */
async function ask(deps: SetupDeps, name: CommandName, input: unknown): Promise<unknown> {
  const { settings, work, importer } = deps;
  const execute = executeBy({
    ...settingsCommands(deps),
    ...serverCommands(deps),
    browse: (wish) => browse(wish, settings.view().values.mediaRoots),
    ...(work === null || importer === null
      ? {}
      : importCommands(work, importer, { settings, saveRoots: (roots) => saveRoots(deps, roots) })),
  });
  const answer = await execute(name, COMMANDS[name].input.parse(input));
  return answer.ok ? answer.output : answer;
}

async function enrollment(): Promise<{ readonly token: string }> {
  const answer = await fetch(`${server.url}${API_BASE}/agents/enrollments`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${server.operatorToken}`, 'Content-Type': 'application/json' },
    body: '{}',
  });
  return (await answer.json()) as { readonly token: string };
}

const refusalIn = (outcome: unknown): Refusal => (outcome as { readonly refusal: Refusal }).refusal;

describe('changing settings', () => {
  it('acts at once: roots are looked at, switches turned, tools found anew', async () => {
    const { deps, store, settings, asked } = bench();
    const media = join(folder, 'media');
    await mkdir(media, { recursive: true });
    await writeFile(join(media, 'x'), 'x');
    const capabilities = { ...settings.view().values.capabilities, 'audio.waveform@1': false };
    const change = { mediaRoots: [{ name: 'rushes', path: media }], encoder: 'auto', capabilities };
    expect(await ask(deps, 'changeSettings', { change })).toEqual({ restart: [] });
    const { roots, settings: shown } = store.snapshot();
    expect(roots).toMatchObject([{ name: 'rushes', path: media, readable: true }]);
    expect(shown.values.encoder).toBe('auto');
    expect(shown.origins.encoder).toBe('user');
    expect(asked).toEqual(['audio.waveform@1 false', 'refresh', 'wake']);
  });

  it('says honestly what waits for a restart, and null goes back to the default', async () => {
    const { deps, settings } = bench();
    expect(await ask(deps, 'changeSettings', { change: { allowInsecureHttp: true, maxParallelJobs: 5 } })).toEqual({
      restart: ['allowInsecureHttp'],
    });
    await ask(deps, 'changeSettings', { change: { maxParallelJobs: null } });
    expect(settings.view().values.maxParallelJobs).toBe(2);
    expect(settings.view().origins.maxParallelJobs).toBe('default');
  });

  it('saves nothing that is wrong, unknown or managed, and names the field', async () => {
    const managed = createSettingsStore(null, { origin: 'policy', values: { maxParallelJobs: 3 } });
    const { deps, settings, asked } = bench({}, managed);
    const field = async (change: Record<string, unknown>): Promise<string | undefined> =>
      refusalIn(await ask(deps, 'changeSettings', { change })).field;
    expect(await field({ maxParallelJobs: 4 })).toBe('maxParallelJobs');
    expect(await field({ maxParallelJobs: null })).toBe('maxParallelJobs');
    expect(await field({ ffmpegPath: 'ffmpeg', workLimitGb: 3 })).toBe('ffmpegPath');
    expect(await field({ mediaRoots: [{ name: 'a', path: 'b' }] })).toBe('mediaRoots.0.path');
    expect(await field({ nonsense: 1 })).toBe('nonsense');
    expect(settings.view().values.workLimitGb).toBe(50);
    expect(asked).toEqual([]);
  });
});

describe('a server', () => {
  it('is tested without changing anything', async () => {
    const { deps } = bench();
    expect(await ask(deps, 'testConnection', { serverUrl: `${server.url}/api/v1/` })).toMatchObject({
      answer: 'accepted',
    });
    const other = bench({ serverUrl: 'http://127.0.0.1:9' }).deps;
    expect(await ask(other, 'testConnection', { serverUrl: server.url })).toMatchObject({ answer: 'token-needed' });
    const wrong = await ask(deps, 'testConnection', { serverUrl: server.url, token: 'wrong' });
    expect(refusalIn(wrong)).toMatchObject({ code: 'TOKEN_REFUSED', field: 'token' });
    const nobody = await ask(deps, 'testConnection', { serverUrl: 'http://127.0.0.1:9' });
    expect(refusalIn(nobody)).toMatchObject({ code: 'SERVER_UNREACHABLE', field: 'serverUrl' });
  });

  it('never gets a token over an open network', async () => {
    const { deps } = bench();
    const outcome = await ask(deps, 'testConnection', { serverUrl: 'http://203.0.113.7', token: 'secret' });
    expect(refusalIn(outcome).code).toBe('INSECURE_HTTP');
  });

  it('is paired with: the one-time token is exchanged, and kept in a 0600 file', async () => {
    const { token } = await enrollment();
    const file = join(folder, 'pair', 'server-token');
    const { deps, settings, store } = bench({ tokenStore: tokenFileStore(file), serverUrl: 'http://127.0.0.1:9' });
    const input = { serverUrl: `${server.url}/`, kind: 'enrolment', secret: token };
    expect(await ask(deps, 'pair', input)).toEqual({ restart: true });
    expect(settings.view().values.serverUrl).toBe(server.url);
    const kept = (await readFile(file, 'utf8')).trim();
    expect(kept).not.toBe(token);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(store.snapshot())).not.toContain(kept);
    const probe = await ask(deps, 'testConnection', { serverUrl: server.url, token: kept });
    expect(probe).toMatchObject({ answer: 'accepted' });
    const other = { ...deps, installation: () => ({ id: INSTALLATION_ID, secret: 'another machine' }) };
    expect(refusalIn(await ask(other, 'pair', input)).code, 'spent').toBe('ENROLMENT_REFUSED');
  });

  it('may be paired with again by the same one-time token: neither a lost answer nor a failed write burns it', async () => {
    const { token } = await enrollment();
    const proxy = await startFaultProxy(server.port);
    const file = join(folder, 'pair-again', 'server-token');
    const { deps } = bench({ tokenStore: tokenFileStore(file) });
    proxy.rule({ line: /\/enroll$/, times: 1, kind: 'swallow' });
    const pair = (serverUrl: string): Promise<unknown> =>
      ask(deps, 'pair', { serverUrl, kind: 'enrolment', secret: token });
    const lost = pair(proxy.url);
    await expect.poll(() => proxy.applied()).toBe(1);
    await mkdir(join(folder, 'pair-again'));
    // What cannot be replaced by a file: the token that came cannot be kept.
    await mkdir(join(file, 'x'), { recursive: true });
    expect(refusalIn(await pair(server.url)).code).toBe('TOKEN_NOT_KEPT');
    await rm(file, { recursive: true });
    expect(await pair(server.url)).toEqual({ restart: true });
    const kept = (await readFile(file, 'utf8')).trim();
    await proxy.close();
    expect(refusalIn(await lost).code).toBe('SERVER_UNREACHABLE');
    const probe = await ask(deps, 'testConnection', { serverUrl: server.url, token: kept });
    expect(probe).toMatchObject({ answer: 'accepted' });
  });

  it('takes a new token at once where the agent reads that very file', async () => {
    const file = join(folder, 'live-token');
    await writeFile(file, 'old');
    const source = tokenFromFile(file);
    const { deps } = bench({ tokenStore: tokenFileStore(file, { source, serverUrl: server.url }) });
    deps.settings.change({ serverUrl: server.url });
    const input = { serverUrl: server.url, kind: 'token', secret: server.agentToken };
    expect(await ask(deps, 'pair', input)).toEqual({ restart: false });
    expect(source.current()).toBe(server.agentToken);
    source.close();
  });

  it('stays what it was where the token of another one cannot be kept', async () => {
    const file = join(folder, 'unkept', 'server-token');
    await mkdir(join(file, 'x'), { recursive: true });
    const { deps } = bench({ tokenStore: tokenFileStore(file) });
    const input = { serverUrl: server.url, kind: 'token', secret: server.agentToken };
    for (const before of ['', 'https://first.example']) {
      if (before !== '') deps.settings.change({ serverUrl: before });
      expect(refusalIn(await ask(deps, 'pair', input)).code).toBe('TOKEN_NOT_KEPT');
      expect(deps.settings.view().values.serverUrl).toBe(before);
      expect(deps.settings.view().origins.serverUrl).toBe(before === '' ? 'default' : 'user');
    }
  });

  it('that IT has fixed is not exchanged for another, and no token is replaced', async () => {
    const file = join(folder, 'managed-token');
    const managed = createSettingsStore(null, { origin: 'policy', values: { serverUrl: 'https://fixed.example' } });
    const { deps } = bench({ tokenStore: tokenFileStore(file) }, managed);
    const input = { serverUrl: server.url, kind: 'token', secret: server.agentToken };
    expect(refusalIn(await ask(deps, 'pair', input)).code).toBe('SETTING_MANAGED');
    await expect(stat(file)).rejects.toThrow();
  });
});

describe('browsing', () => {
  it('lists folders by name, files only when asked, nothing hidden, and refuses in words', async () => {
    const place = join(folder, 'browse');
    for (const name of ['clip 10', 'clip 2', '.hidden']) await mkdir(join(place, name), { recursive: true });
    await writeFile(join(place, 'a.mov'), 'x');
    await symlink(join(place, 'clip 2'), join(place, 'link'));
    const { deps } = bench();
    const listing = async (input: object): Promise<FolderListing> =>
      ((await ask(deps, 'browse', input)) as { readonly listing: FolderListing }).listing;
    const folders = await listing({ path: place });
    expect(folders.folders.map(({ name }) => name)).toEqual(['clip 2', 'clip 10', 'link']);
    expect(folders.files).toEqual([]);
    expect(folders.parent).toBe(folder);
    expect((await listing({ path: place, files: true })).files.map(({ name }) => name)).toEqual(['a.mov']);
    expect(await listing({})).toBeNull();
    expect(refusalIn(await ask(deps, 'browse', { path: join(place, 'none') }))).toMatchObject({
      code: 'FOLDER_MISSING',
      field: 'path',
    });
    expect(refusalIn(await ask(deps, 'browse', { path: join(place, 'a.mov') })).code).toBe('FOLDER_MISSING');
  });
});

describe('adding work', () => {
  const client = () => createOperatorClient(server.url, server.operatorToken);
  const sandbox = createSandboxPort({ policy: () => 'auto', env: process.env });
  const tools = { settings: () => ({}), sandbox };

  it('looks into files with the ffprobe of the settings', async () => {
    const media = join(folder, 'own-ffprobe');
    await mkdir(media);
    const path = join(media, 'voice.ogg');
    await writeFile(path, 'x'.repeat(4096));
    const ffprobePath = join(folder, 'old-ffprobe');
    await writeFile(ffprobePath, '#!/bin/sh\necho ffprobe version 3.4\n', { mode: 0o755 });
    const settings = () => ({ ffprobePath });
    const port = createWorkPort(client(), folder, { settings, sandbox });
    await expect(port.decide(path, ['transcribe_audio'])).rejects.toMatchObject({ refusal: { code: 'TOOL_TOO_OLD' } });
  });

  it('is the server’s business where there is no embedded one', async () => {
    const { deps } = bench();
    expect(refusalIn(await ask(deps, 'planWork', { paths: ['/x'] })).code).toBe('SERVER_MAKES_JOBS');
  });

  it('plans, makes a root of a new folder, and makes the jobs that fit', async () => {
    const card = join(folder, 'Carte n° 1', 'A001');
    await mkdir(card, { recursive: true });
    await writeFile(join(card, 'notes.txt'), 'x');
    const clip = await h264Clip({ seconds: 2 });
    await writeFile(join(card, 'silent.mov'), await readFile(clip));
    const { deps, settings, store } = bench({ work: createWorkPort(client(), folder, tools) });
    const base = join(folder, 'Carte n° 1');
    const plan = (await ask(deps, 'planWork', { paths: [base, '/no/such'] })) as WorkPlan;
    expect(plan.files).toMatchObject([{ path: join(card, 'silent.mov'), base, kind: 'video' }]);
    expect(plan.skipped).toEqual([
      { path: join(card, 'notes.txt'), why: 'not-media' },
      { path: '/no/such', why: 'missing' },
    ]);
    const jobTypes = ['generate_thumbnails', 'generate_video_proxies', 'transcribe_audio'];
    const before = store.snapshot().adding;
    expect(await ask(deps, 'addWork', { paths: [base], jobTypes, priority: 10 })).toEqual({});
    expect(before).toBeNull();
    await vi.waitFor(() => expect(store.snapshot().adding?.phase).toBe('ended'), PATIENCE_MS);
    expect(settings.view().values.mediaRoots).toEqual([{ name: 'Carte n 1', path: base }]);
    const jobs = (await client().jobs()).filter(({ inputs }) => JSON.stringify(inputs).includes('silent.mov'));
    const { files } = (await ask(deps, 'addedFiles', {})) as { readonly files: readonly AddedFile[] };
    const left = files.flatMap((file) => file.left.map(({ jobType }) => jobType));
    expect([...jobs.map(({ job_type }) => job_type), ...left].sort()).toEqual(jobTypes.sort());
    expect(jobs.map(({ job_type }) => job_type)).toContain('generate_video_proxies');
    expect(jobs.every(({ priority }) => priority === 10)).toBe(true);
    expect(JSON.stringify(jobs[0]?.inputs)).toContain('Carte n 1/A001/silent.mov');
    await ask(deps, 'addWork', { paths: [join(card, 'silent.mov')], jobTypes: ['generate_thumbnails'] });
    expect(settings.view().values.mediaRoots, 'the root that is there is used').toHaveLength(1);
    await vi.waitFor(() => expect(store.snapshot().adding).toMatchObject({ phase: 'ended', found: 1 }), PATIENCE_MS);
    await ask(deps, 'dismissAdding', {});
    expect(store.snapshot().adding).toBeNull();
  });

  it('outside the roots that IT has fixed is refused, and what is not there too', async () => {
    const managed = createSettingsStore(null, {
      origin: 'policy',
      values: { mediaRoots: [{ name: 'fixed', path: join(folder, 'browse') }] },
    });
    const { deps, store } = bench({ work: createWorkPort(client(), folder, tools) }, managed);
    const jobTypes = ['generate_thumbnails'];
    expect(refusalIn(await ask(deps, 'addWork', { paths: [folder], jobTypes })).code).toBe('OUTSIDE_MEDIA_ROOTS');
    const gone = { paths: [join(folder, 'gone.mov')], jobTypes };
    expect(refusalIn(await ask(deps, 'addWork', gone)).code).toBe('INPUT_MISSING');
    expect(store.snapshot().adding).toBeNull();
  });

  it('names new roots after their folders, in the letters that a root may have, each once', () => {
    expect(freeName('/media/Été à Sète', new Set())).toBe('Ete a Sete');
    expect(freeName('/media/日本', new Set())).toBe('media');
    expect(freeName('/a/rushes', new Set(['rushes', 'rushes 2']))).toBe('rushes 3');
  });
});
