import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire, registerHooks } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CancellationToken } from 'builder-util-runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createUpdates, type Updater } from '../../electron/shell/updates/updates.ts';
import { compareVersions, type Feed } from '../../electron/shell/updates/verify-update.ts';
import type { Refusal } from '../../shared/failure.ts';
import type { Settings } from '../../shared/settings.ts';
import { feedOf, signFeed } from '../../scripts/pack/sign-update.ts';

/** The real electron-updater over a loopback update server; only the part of Electron that it would ask is left out. */
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron'
      ? { url: 'data:text/javascript,export default {}', shortCircuit: true }
      : next(specifier, context),
});
const require = createRequire(import.meta.url);

const INSTALLED = '1.2.0';
const keys = generateKeyPairSync('ed25519');
const privatePem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const stranger = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const PACKAGE = Buffer.from('a package that is installed as root'.repeat(500));

const feed = (version: string, bytes: Buffer = PACKAGE, more = ''): string => {
  const sha512 = createHash('sha512').update(bytes).digest('base64');
  const name = `rushcatalog-agent-${version}-linux-amd64.deb`;
  return `version: ${version}\nfiles:\n  - url: ${name}\n    sha512: ${sha512}\n    size: ${String(bytes.length)}\npath: ${name}\nsha512: ${sha512}\nreleaseDate: '2026-03-01T00:00:00.000Z'\n${more}`;
};
const STABLE: Feed = { channel: 'latest', platform: 'linux' };
const signed = (text: string, key = privatePem, to = STABLE): string => signFeed(text, key, to);

/** What electron-updater's own executor adds over Electron's network stack, over Node's. */
function withDownload(executor: object): object {
  const { configureRequestOptions, configureRequestUrl } =
    require('builder-util-runtime') as typeof import('builder-util-runtime');
  const doDownload = Reflect.get(executor, 'doDownload') as (...args: unknown[]) => void;
  return Object.assign(executor, {
    download: (url: URL, destination: string, options: { cancellationToken: CancellationToken; headers?: object }) =>
      options.cancellationToken.createPromise<string>((resolve, reject, onCancel) => {
        const request = { headers: { ...options.headers } };
        configureRequestUrl(url, request);
        configureRequestOptions(request);
        const callback = (error?: Error | null): void => (error ? reject(error) : resolve(destination));
        Reflect.apply(doDownload, executor, [
          request,
          { destination, options, onCancel, callback, responseHandler: null },
          0,
        ]);
      }),
  });
}

describe('updates', () => {
  let server: Server;
  let url: string;
  let offered: string;
  let delivered: Buffer;
  const asked: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'updates-'));

  beforeAll(async () => {
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      asked.push(pathname);
      if (pathname.endsWith('.yml')) return void response.end(offered);
      response.writeHead(200, { 'content-length': delivered.length }).end(delivered);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    asked.length = 0;
    delivered = PACKAGE;
  });

  let count = 0;
  function realUpdater(): Updater & { readonly installed: boolean } {
    count += 1;
    const place = join(folder, String(count));
    const { DebUpdater } = require('electron-updater') as typeof import('electron-updater');
    const { NodeHttpExecutor } = require('builder-util') as typeof import('builder-util');
    const config = join(folder, 'app-update.yml');
    writeFileSync(config, `provider: generic\nurl: ${url}\nupdaterCacheDirName: cache-${String(count)}\n`);
    const app = {
      version: INSTALLED,
      name: 'rushcatalog-agent',
      isPackaged: true,
      appUpdateConfigPath: config,
      userDataPath: place,
      baseCachePath: place,
      whenReady: async () => undefined,
      relaunch: () => undefined,
      quit: () => undefined,
      onQuit: () => undefined,
    };
    const updater = new DebUpdater(null, app);
    updater.logger = null;
    Reflect.set(updater, 'httpExecutor', withDownload(new NodeHttpExecutor()));
    updater.setFeedURL({ provider: 'generic', url });
    let installed = false;
    Reflect.set(updater, 'quitAndInstall', () => (installed = true));
    return Object.defineProperty(updater, 'installed', { get: () => installed }) as unknown as ReturnType<
      typeof realUpdater
    >;
  }

  function updates(given: Partial<Pick<Settings, 'updates' | 'updateChannel'>> = {}, busy = false) {
    const refused: Refusal[] = [];
    const told: string[] = [];
    const settings: Pick<Settings, 'updates' | 'updateChannel'> = {
      updates: 'automatic',
      updateChannel: 'latest',
      ...given,
    };
    const state = { settings, busy };
    let stopped: (() => void) | undefined;
    const updater = realUpdater();
    const made = createUpdates({
      updater,
      installed: INSTALLED,
      publicKey,
      platform: 'linux',
      settings: () => state.settings,
      isBusy: () => state.busy,
      stopThen: (last) => (stopped = last),
      onReady: (version) => told.push(version),
      onRefused: (refusal) => refused.push(refusal),
      log: { warn: () => undefined, info: () => undefined },
    });
    return { made, updater, refused, told, state, whenStopped: () => stopped?.() };
  }

  it('that are signed, newer and whole are ready, and installed only when asked', async () => {
    offered = signed(feed('1.3.0'));
    const { made, updater, whenStopped } = updates();
    expect(await made.check()).toEqual({ kind: 'ready', version: '1.3.0' });
    expect(asked.some((path) => path.endsWith('.deb'))).toBe(true);
    expect(updater.installed).toBe(false);
    expect(made.install()).toBeNull();
    // What was claimed in this moment is finished or given back first.
    expect(updater.installed).toBe(false);
    whenStopped();
    expect(updater.installed).toBe(true);
  });

  it.each([
    ['automatic', false, true],
    ['automatic', true, false],
    ['notify', false, false],
  ] as const)('that are “%s” are installed unasked, with a job running %s: %s', async (wish, busy, installed) => {
    offered = signed(feed('1.3.0'));
    const { made, updater, whenStopped } = updates({ updates: wish }, busy);
    await made.check();
    made.installUnasked();
    whenStopped();
    expect(updater.installed).toBe(installed);
  });

  it('that were fetched before IT switched them off are not installed', async () => {
    offered = signed(feed('1.3.0'));
    const { made, updater, state, whenStopped } = updates();
    await made.check();
    state.settings = { updates: 'off', updateChannel: 'latest' };
    made.installUnasked();
    expect(made.install()).toMatchObject({ code: 'UPDATES_OFF' });
    whenStopped();
    expect(updater.installed).toBe(false);
  });

  it('are told of once', async () => {
    offered = signed(feed('1.3.0'));
    const { made, told } = updates();
    await made.check();
    await made.check();
    expect(told).toEqual(['1.3.0']);
  });

  it('wait while a job runs', async () => {
    offered = signed(feed('1.3.0'));
    const { made, updater, state, whenStopped } = updates({}, true);
    await made.check();
    expect(made.install()).toMatchObject({ code: 'UPDATE_WAITS' });
    whenStopped();
    expect(updater.installed).toBe(false);
    state.busy = false;
    expect(made.install()).toBeNull();
  });

  it.each([
    ['unsigned', () => feed('1.3.0'), 'UPDATE_UNSIGNED'],
    ['signed by a stranger', () => signed(feed('1.3.0'), stranger), 'UPDATE_UNSIGNED'],
    ['signed as another version', () => signed(feed('1.3.0')).replaceAll('1.3.0', '9.0.0'), 'UPDATE_UNSIGNED'],
    [
      'signed with another package',
      () => signed(feed('1.3.0')).replace(/sha512: \S+/, `sha512: ${'A'.repeat(86)}==`),
      'UPDATE_UNSIGNED',
    ],
    [
      'a beta, offered as stable',
      () => signed(feed('1.3.0-beta.2'), privatePem, { channel: 'beta', platform: 'linux' }),
      'UPDATE_UNSIGNED',
    ],
    [
      'signed for another system',
      () => signed(feed('1.3.0'), privatePem, { channel: 'latest', platform: 'win32' }),
      'UPDATE_UNSIGNED',
    ],
    ['older', () => signed(feed('1.1.0')), 'UPDATE_DOWNGRADE'],
    ['a pre-release of what is installed', () => signed(feed('1.2.0-beta.1')), 'UPDATE_DOWNGRADE'],
  ])('that are %s are refused before a byte of them is fetched', async (_name, text, code) => {
    offered = text();
    const { made, refused, updater } = updates();
    expect(await made.check()).toMatchObject({ kind: 'refused', refusal: { code } });
    expect(refused).toHaveLength(1);
    expect(asked.filter((path) => path.endsWith('.deb'))).toEqual([]);
    expect(made.install()).toMatchObject({ code: 'NO_UPDATE' });
    expect(updater.installed).toBe(false);
  });

  it('whose package was exchanged on the server are thrown away', async () => {
    offered = signed(feed('1.3.0'));
    delivered = Buffer.from(PACKAGE);
    delivered[100] = 0;
    const { made, updater } = updates();
    expect(await made.check()).toMatchObject({ kind: 'refused', refusal: { code: 'UPDATE_TAMPERED' } });
    expect(made.install()).toMatchObject({ code: 'NO_UPDATE' });
    expect(updater.installed).toBe(false);
  });

  it('of the same version are no news', async () => {
    offered = signed(feed(INSTALLED));
    expect(await updates().made.check()).toEqual({ kind: 'none' });
  });

  it('that IT switched off are not even asked for', async () => {
    offered = signed(feed('1.3.0'));
    expect(await updates({ updates: 'off' }).made.check()).toEqual({ kind: 'off' });
    expect(asked).toEqual([]);
  });

  it('are looked for on the channel that was chosen', async () => {
    offered = signed(feed('1.3.0-beta.2'), privatePem, { channel: 'beta', platform: 'linux' });
    expect(await updates({ updateChannel: 'beta' }).made.check()).toMatchObject({ kind: 'ready' });
    expect(asked[0]).toBe('/beta-linux.yml');
  });

  it('that were fetched for another channel are not installed', async () => {
    offered = signed(feed('1.3.0-beta.2'), privatePem, { channel: 'beta', platform: 'linux' });
    const { made, updater, state, whenStopped } = updates({ updateChannel: 'beta' });
    expect(await made.check()).toMatchObject({ kind: 'ready' });
    state.settings = { updates: 'automatic', updateChannel: 'latest' };
    made.installUnasked();
    expect(made.install()).toMatchObject({ code: 'NO_UPDATE' });
    whenStopped();
    expect(updater.installed).toBe(false);
  });

  it('are signed for the feed that their file’s name says', () => {
    expect(feedOf('dist/latest.yml')).toEqual({ channel: 'latest', platform: 'win32' });
    expect(feedOf('beta-mac.yml')).toEqual({ channel: 'beta', platform: 'darwin' });
    expect(feedOf('/x/latest-linux-arm64.yml')).toEqual({ channel: 'latest', platform: 'linux' });
    for (const name of ['stable.yml', 'latest-wii.txt', 'latest']) expect(() => feedOf(name)).toThrow(/not named like/);
  });

  it('reach a share of the machines at first', async () => {
    offered = signed(feed('1.3.0', PACKAGE, 'stagingPercentage: 0\n'));
    expect(await updates().made.check()).toEqual({ kind: 'waits-for-roll-out' });
    expect(asked.filter((path) => path.endsWith('.deb'))).toEqual([]);
  });

  it('from a server that is away are a sentence', async () => {
    offered = 'no update file';
    expect(await updates().made.check()).toMatchObject({ kind: 'refused', refusal: { code: 'UPDATE_UNREACHABLE' } });
  });
});

it.each([
  ['1.2.0', '1.10.0', -1],
  ['2.0.0', '1.99.99', 1],
  ['1.2.0', '1.2.0', 0],
  ['1.2.0-beta.9', '1.2.0-beta.10', -1],
  ['1.2.0-beta.1', '1.2.0', -1],
  ['nonsense', '1.0.0', -1],
])('%s against %s', (a, b, order) => {
  expect(compareVersions(a, b)).toBe(order);
});
