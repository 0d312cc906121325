import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sharedControlAddress } from '../../electron/agent/control/control-address.ts';
import { servicePlace } from '../../electron/agent/control/machine-service.ts';
import type { Control } from '../../electron/agent/control/serve-control.ts';
import { openControl, openSharedControl } from '../../electron/compose/control.ts';
import { createFileLog } from '../../electron/compose/log-file.ts';
import { attachToRunning, type Attached } from '../../electron/shell/attached-agent.ts';
import { callTimeoutMs } from '../../shared/commands.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';
import { createScriptedAgent } from '../support/scripted-agent.ts';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe.skipIf(process.platform === 'win32')('a window on an agent that runs already', () => {
  let folder: string;
  let mark: string;
  const controls: (Control | null)[] = [];
  const windows: (Attached | null)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attach-'));
    mark = join(folder, 'run');
  });
  afterEach(async () => {
    for (const window of windows.splice(0)) window?.detach();
    for (const control of controls.splice(0)) await control?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const log = () => createFileLog(join(folder, 'logs'), 'agent');
  const place = () => ({ mark, address: sharedControlAddress(mark) });
  const attach = async (workFolder = join(folder, 'own')): Promise<Attached | null> => {
    const window = await attachToRunning([workFolder], SILENT, place());
    windows.push(window);
    return window;
  };
  async function service(agent = createScriptedAgent(sampleSnapshot())) {
    await mkdir(join(mark, 'shared'), { recursive: true });
    const control = await openSharedControl(agent, mark, log());
    controls.push(control);
    return { agent, control };
  }

  it('starts its own where none runs', async () => {
    expect(await attach()).toBeNull();
  });

  it('shows the service of the machine: state, pictures, and the verbs that give the machine back', async () => {
    const { agent } = await service();
    agent.derived.set(`${uuidOf(1)}/thumb`, {
      contentType: 'image/webp',
      bytes: new TextEncoder().encode('0123456789'),
    });
    const window = await attach();
    expect(window?.snapshot().agent.version).toBe(agent.snapshot().agent.version);
    expect(await window?.execute('pause', { for: '1h' })).toMatchObject({ ok: true });
    expect(agent.executed.map(({ name }) => name)).toEqual(['pause']);
    const picture = await window?.openDerived(uuidOf(1), 'thumb', 'bytes=2-4');
    expect([picture?.status, picture?.headers.get('content-range'), await picture?.text()]).toEqual([
      206,
      'bytes 2-4/10',
      '234',
    ]);
    expect((await window?.openDerived(uuidOf(1), '..'))?.status).toBe(404);
  });

  it.each([
    ['changeSettings', { change: { ffmpegPath: '/home/me/bin/ffmpeg' } }],
    ['pair', { serverUrl: 'https://mine.example', kind: 'token', secret: 'x' }],
    ['setCapability', { capability: 'media.thumbnails@1', enabled: false }],
    ['browse', {}],
    ['saveProxies', { layout: 'premiere', folder: '/srv', assetUuids: [uuidOf(1)] }],
    ['drain', {}],
  ] as const)('does not let its editor use the service’s account: %s is refused', async (name, input) => {
    const { agent } = await service();
    const window = await attach();
    expect(await window?.execute(name, input as never)).toMatchObject({ refusal: { code: 'SERVICE_MANAGED' } });
    expect(agent.executed).toEqual([]);
  });

  it('waits for a slow command as long as a page does', async () => {
    const own = await openControl(createScriptedAgent(sampleSnapshot()), join(folder, 'own'), log());
    controls.push(own);
    const window = await attach();
    const waits = vi.spyOn(AbortSignal, 'timeout');
    await window?.execute('makeSamples', {});
    await window?.execute('resume', {});
    expect(waits.mock.calls.flat()).toEqual([callTimeoutMs('makeSamples'), callTimeoutMs('resume')]);
    expect(callTimeoutMs('makeSamples')).toBeGreaterThan(60_000);
    waits.mockRestore();
  });

  it('opens the shared socket to a group, the own one to nobody else', async () => {
    await service();
    const own = await openControl(createScriptedAgent(sampleSnapshot()), join(folder, 'own'), log());
    controls.push(own);
    expect((await stat(place().address)).mode & 0o777).toBe(0o660);
    expect((await stat(own?.address ?? '')).mode & 0o777).toBe(0o600);
    // Without the folder that the system makes for the group there is no shared one.
    expect(await openSharedControl(createScriptedAgent(sampleSnapshot()), join(folder, 'nowhere'), log())).toBeNull();
    expect(await openSharedControl(createScriptedAgent(sampleSnapshot()), undefined, log())).toBeNull();
  });

  it('starts no second agent beside a service that does not let it in, and says so', async () => {
    await mkdir(join(mark, 'shared'), { recursive: true });
    await expect(attach()).rejects.toMatchObject({ refusal: { code: 'SERVICE_RUNNING' } });
    await writeFile(place().address, 'no socket');
    await expect(attach()).rejects.toMatchObject({ refusal: { code: 'SERVICE_RUNNING' } });
  });

  it('stays while the service is restarted, and goes on with the new one', async () => {
    const { control } = await service();
    const window = await attach();
    let gone = false;
    void window?.gone.then(() => (gone = true));
    await control?.close();
    controls.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(gone).toBe(false);
    await service(createScriptedAgent(sampleSnapshot({ agent: { ...sampleSnapshot().agent, version: '9.9.9' } })));
    await expect.poll(() => window?.snapshot().agent.version).toBe('9.9.9');
    expect(gone).toBe(false);
  });

  it('ends with a person’s own agent', async () => {
    const own = await openControl(createScriptedAgent(sampleSnapshot()), join(folder, 'own'), log());
    const window = await attach();
    expect(window?.workFolder).toBe(join(folder, 'own'));
    await own?.close();
    await window?.gone;
  });
});

it('knows how each system’s service is seen', () => {
  expect(servicePlace('linux')).toEqual({
    mark: '/run/rushcatalog-agent',
    address: '/run/rushcatalog-agent/shared/control.sock',
  });
  expect(servicePlace('darwin')).toEqual({ mark: '/Library/LaunchDaemons/org.rushcatalog.agent.plist' });
  expect(servicePlace('win32', { ProgramData: 'C:\\ProgramData' })?.address).toMatch(
    /^\\\\\.\\pipe\\rushcatalog-agent-/,
  );
});
