import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../electron/work/clock.ts';
import { createRootGate } from '../../electron/work/storage/root-gate.ts';
import { CALL_CHANNEL, REVEAL_CHANNEL } from '../../electron/shell/channels.ts';
import { serveIpc } from '../../electron/shell/ipc.ts';
import { PAGE_URL } from '../../electron/shell/own-page.ts';
import { createReveal } from '../../electron/shell/reveal.ts';
import type { Saving } from '../../shared/result-commands.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';
import { createScriptedAgent } from '../support/scripted-agent.ts';

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'reveal-')));
  for (const name of ['rushes/day1', 'rushes2', 'work/kept', 'saved', 'private']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  for (const name of ['rushes/day1/A001.mov', 'rushes2/B.mov', 'work/kept/p.mp4', 'saved/A001.mov', 'private/key']) {
    await writeFile(join(folder, name), 'x');
  }
  await symlink(join(folder, 'private/key'), join(folder, 'rushes/link.mov'));
  await symlink(join(folder, 'private'), join(folder, 'rushes/day2'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const snapshot = () => {
  const saving: Saving = {
    phase: 'ended',
    layout: 'premiere',
    arrangement: 'together',
    firstFile: join(folder, 'saved/A001.mov'),
    folder: join(folder, 'saved'),
    total: 1,
    saved: 1,
    alreadyThere: 0,
    savedBytes: 1,
    totalBytes: 1,
    problems: [],
  };
  const root = { name: 'rushes', path: join(folder, 'rushes'), readable: true, checkedAt: '' };
  return sampleSnapshot({ roots: [root], disk: { workFolder: join(folder, 'work'), full: false }, saving });
};

function revealer(gate = createRootGate(systemClock)) {
  const shown: string[] = [];
  return { shown, reveal: createReveal({ snapshot, show: (path) => shown.push(path), gate }) };
}

describe('a file is shown in the file manager', () => {
  it.each(['rushes/day1/A001.mov', 'work/kept/p.mp4', 'saved/A001.mov', 'rushes/day1/../day1/A001.mov'])(
    'when it is in a folder that the agent works with: %s',
    async (name) => {
      const { shown, reveal } = revealer();
      expect(await reveal(join(folder, name))).toEqual({ ok: true });
      expect(shown).toEqual([join(folder, name)]);
    },
  );

  it.each([
    ['another folder', () => join(folder, 'private/key'), 'FORBIDDEN'],
    ['a folder whose name begins like a root', () => join(folder, 'rushes2/B.mov'), 'FORBIDDEN'],
    ['a way out', () => `${folder}/rushes/../private/key`, 'FORBIDDEN'],
    ['a link that leads out', () => join(folder, 'rushes/link.mov'), 'FORBIDDEN'],
    ['a folder that leads out', () => join(folder, 'rushes/day2/key'), 'FORBIDDEN'],
    ['nothing', () => join(folder, 'rushes/day1/A002.mov'), 'FILE_MISSING'],
    [
      'another machine',
      () => String.raw`\\evil.example\share\x`,
      process.platform === 'win32' ? 'FORBIDDEN' : 'INVALID_INPUT',
    ],
    ['a relative path', () => 'rushes/day1/A001.mov', 'INVALID_INPUT'],
    ['an address', () => 'file:///etc/passwd', 'INVALID_INPUT'],
    ['a NUL', () => `${folder}/rushes/a\0.mov`, 'INVALID_INPUT'],
    ['no text', () => ({ toString: () => '/etc/passwd' }), 'INVALID_INPUT'],
  ])('but not %s', async (_name, path, code) => {
    const { shown, reveal } = revealer();
    expect(await reveal(path())).toMatchObject({ ok: false, refusal: { code } });
    expect(shown).toEqual([]);
  });

  it('a share that hangs is a sentence, and holds one call', async () => {
    const gate = createRootGate({ sleep: async () => undefined });
    void gate.run(() => new Promise(() => undefined));
    const { shown, reveal } = revealer(gate);
    expect(await reveal(join(folder, 'rushes/day1/A001.mov'))).toMatchObject({
      refusal: { code: 'FOLDER_NOT_ANSWERING' },
    });
    expect(shown).toEqual([]);
  });
});

describe('what a page asks for', () => {
  type Handler = (event: { readonly senderFrame: object | null }, ...args: unknown[]) => Promise<unknown>;
  const handlers = new Map<string, Handler>();
  const asked: unknown[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  serveIpc(
    { handle: (channel: string, handler: Handler) => handlers.set(channel, handler), on: () => undefined } as never,
    {
      agent: createScriptedAgent(sampleSnapshot()),
      reveal: async (path) => {
        asked.push(path);
        return { ok: true };
      },
      log,
    },
  );
  const own = { url: PAGE_URL, origin: 'app://rushcatalog', parent: null };

  it.each([
    ['a foreign page', { ...own, url: 'https://example.com/', origin: 'https://example.com' }],
    ['a frame in the page', { ...own, parent: own }],
    ['a frame that is gone', null],
  ])('is refused to %s on every channel', async (_name, senderFrame) => {
    for (const [channel, input] of [
      [CALL_CHANNEL, ['pause', {}]],
      [REVEAL_CHANNEL, ['/']],
    ] as const) {
      const answer = await handlers.get(channel)?.({ senderFrame }, ...input);
      expect(answer).toMatchObject({ ok: false, refusal: { code: 'FORBIDDEN' } });
    }
    expect(asked).toEqual([]);
  });

  it('is done for our own', async () => {
    expect(await handlers.get(REVEAL_CHANNEL)?.({ senderFrame: own }, '/a')).toEqual({ ok: true });
    expect(asked).toEqual(['/a']);
  });
});
