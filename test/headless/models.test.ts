import { execFile, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { controlAddress } from '../../electron/agent/control/control-address.ts';
import { serveControl } from '../../electron/agent/control/serve-control.ts';
import { createDispatch } from '../../electron/gateway/dispatch.ts';
import { ensureBuilt } from '../../scripts/build.mjs';
import { sampleSnapshot } from '../support/sample-snapshot.ts';
import { createScriptedAgent } from '../support/scripted-agent.ts';
import { writeWeightlessModel } from '../support/weightless-model.ts';

const CLI = fileURLToPath(new URL('../../out/node/rushcatalog-agent.js', import.meta.url));
let folder = '';
let work = '';
let model = '';
let server: Server;
let base = '';
/** An address on which nobody listens. */
let offline = '';
let answer: RequestListener;

beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), 'rushcatalog-cli-models-'));
  model = join(folder, 'made.bin');
  await writeWeightlessModel(model);
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  offline = `127.0.0.1:${String((gone.address() as AddressInfo).port)}`;
  await new Promise((resolve) => gone.close(resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  work = await mkdtemp(join(folder, 'work-'));
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function models(args: readonly string[], env: NodeJS.ProcessEnv = {}, onChild?: (child: ChildProcess) => void) {
  return new Promise<Ended>((resolve) => {
    const options = { env: { ...process.env, ...env } };
    const all = [CLI, 'models', ...args, '--work', work];
    const child = execFile(process.execPath, all, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    onChild?.(child);
  });
}

const own = async (): Promise<string[]> => (await readdir(join(work, 'models')).catch(() => [])).sort();

describe('models, the built command', () => {
  it('lists nothing at first, and what can be had', async () => {
    const { code, stdout } = await models(['list']);
    expect(code).toBe(0);
    expect(stdout).toContain('No speech model is on this machine yet.');
    expect(stdout).toMatch(/^ {2}base +148 MB {2}multilingual +MIT licence$/m);
    expect(stdout).toContain(`Models are kept in ${join(work, 'models')}`);
  });

  it('adds a file nobody vouches for only with a word, uses it, and removes it', async () => {
    const refused = await models(['add', model]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      'No published hash vouches for made.bin; it is used only if you trust where it comes from. Confirm that you trust it (on the command line: --yes), or take a model from the list. [MODEL_NEEDS_CONSENT]',
    );
    expect(await own()).toEqual([]);
    expect((await models(['add', model, '--yes'])).stdout).toBe(`${join(work, 'models', 'made.bin')}\n`);
    expect((await models(['list'])).stdout).toMatch(/^ {2}made\.bin +1 MB {2}multilingual +in use +\//m);
    expect(await models(['remove', 'made.bin'])).toMatchObject({ code: 0, stderr: '' });
    expect(await own()).toEqual([]);
    const gone = await models(['remove', 'made.bin']);
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('[MODEL_NOT_REMOVED]') });
  });

  it('offline, says what to do instead', async () => {
    const { code, stderr } = await models(['download', 'tiny', '--mirror', `http://${offline}`]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `${offline} cannot be reached or the connection keeps breaking (ECONNREFUSED). Check the network and start it again; it goes on where it stopped. Without a network, copy the file here and choose it. [MODEL_SERVER_UNREACHABLE]`,
    );
    expect(stderr).not.toContain('    at ');
  });

  it('takes models from the mirror that the policy names, whatever a person says', async () => {
    const policy = join(work, 'policy.json');
    await writeFile(policy, JSON.stringify({ settings: { speechModelMirror: `${base}/mirror` } }));
    const asked: (string | undefined)[] = [];
    answer = ({ url }, response) => {
      asked.push(url);
      response.writeHead(404).end();
    };
    const env = { RUSHCATALOG_POLICY_FILE: policy };
    const { code, stderr } = await models(['download', 'tiny', '--mirror', `http://${offline}`], env);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('[MODEL_NOT_SERVED]') });
    expect(asked).toEqual(['/mirror/ggml-tiny.bin']);
    await writeFile(policy, '{ "settings": ');
    expect((await models(['download', 'tiny', '--mirror', base], env)).code).toBe(2);
    expect(asked).toHaveLength(1);
  });

  it('goes through the proxy that is set', async () => {
    const asked: (string | undefined)[] = [];
    const onConnect = ({ url }: IncomingMessage, socket: Duplex): void => {
      asked.push(url);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    };
    server.on('connect', onConnect);
    await writeFile(join(work, 'settings.json'), JSON.stringify({ proxyMode: 'manual', proxyUrl: base }));
    // Nothing resolves this name, so only a proxy could be asked for it.
    const { code, stderr } = await models(['download', 'tiny', '--mirror', 'https://models.invalid/files']);
    server.off('connect', onConnect);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('[MODEL_SERVER_UNREACHABLE]') });
    expect(asked[0]).toBe('models.invalid:443');
  });

  it('Ctrl-C keeps what has arrived, and says that it goes on there', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': 77_000_000 });
      response.write(Buffer.alloc(1 << 20));
    };
    const { code, stderr } = await models(['download', 'tiny', '--mirror', base], {}, (child) => {
      child.stderr?.on('data', (text: string) => text.includes('tiny: 0 %') && child.kill('SIGINT'));
    });
    expect(code).toBe(130);
    expect(stderr).toContain('The download of ggml-tiny.bin was stopped. Start it again to go on where it stopped.');
    expect(await own()).toEqual(['ggml-tiny.bin.part', 'ggml-tiny.bin.part.json']);
    expect((await models(['remove', 'tiny'])).code).toBe(0);
    expect(await own()).toEqual([]);
  });

  it('tells a running agent, and lets it remove what its settings may name', async () => {
    const log = pino({ level: 'silent' });
    const agent = createScriptedAgent(sampleSnapshot());
    const control = await serveControl({
      address: controlAddress(work),
      access: 'owner',
      dispatch: createDispatch(agent, log),
      snapshot: () => agent.snapshot(),
      watch: () => undefined,
      derived: () => Promise.reject(new Error('nothing is derived here')),
      log,
    });
    try {
      const added = await models(['add', model, '--yes']);
      expect(added).toMatchObject({ code: 0, stderr: 'The running agent looks at its models again.\n' });
      expect((await models(['remove', 'made.bin'])).code).toBe(0);
      agent.refuse('removeModel', { code: 'SETTING_MANAGED', message: 'IT chose it.', nextStep: 'Ask.' });
      expect(await models(['remove', 'made.bin'])).toMatchObject({
        code: 1,
        stderr: 'IT chose it. Ask. [SETTING_MANAGED]\n',
      });
      expect(agent.executed).toMatchObject([
        { name: 'refreshModels' },
        { name: 'removeModel', input: { path: 'made.bin' } },
        { name: 'removeModel' },
      ]);
    } finally {
      await control?.close();
    }
  });
});
