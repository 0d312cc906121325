import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyNotModel } from '../../electron/work/capabilities/find-speech.ts';
import { systemClock } from '../../electron/work/clock.ts';
import { createSettingsStore, type SettingsStore } from '../../electron/agent/settings/settings-store.ts';
import { createAgentModels } from '../../electron/agent/models/agent-models.ts';
import { downloadModel } from '../../electron/work/speech/download-model.ts';
import { ModelDownloadError } from '../../electron/work/speech/download-refusal.ts';
import { createModelLibrary } from '../../electron/work/speech/model-library.ts';
import { createStore } from '../../electron/agent/store/store.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';
import { writeDetectorModel } from '../support/detector-model.ts';
import { writeWeightlessModel } from '../support/weightless-model.ts';

let folder = '';
let own = '';
let model = Buffer.alloc(0);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rushcatalog-changes-'));
  own = join(folder, 'own');
  await mkdir(own);
  await writeWeightlessModel(join(folder, 'made.bin'));
  model = await readFile(join(folder, 'made.bin'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const never = (): Promise<never> => Promise.reject(new Error('nobody should be asked'));

function agentModels(settings: SettingsStore) {
  let looked = 0;
  const store = createStore(sampleSnapshot());
  const onChanged = (): void => {
    looked += 1;
  };
  const models = createAgentModels({
    folder: own,
    settings,
    store,
    clock: systemClock,
    env: {},
    fetch: never,
    onChanged,
  });
  return { models, store, looked: () => looked };
}

describe('removing a model', () => {
  it('a chosen one is not chosen any more, and the next one is used', async () => {
    await writeFile(join(own, 'first.bin'), model);
    await writeFile(join(own, 'second.bin'), model);
    const chosen = join(own, 'second.bin');
    const settings = createSettingsStore(join(folder, 'settings.json'));
    expect(settings.change({ speechModelPath: chosen })).toBeNull();
    const { models, store, looked } = agentModels(settings);
    expect(await models.handlers.removeModel({ path: chosen })).toEqual({});
    expect(settings.view().values.speechModelPath).toBeUndefined();
    expect(store.snapshot().settings.values.speechModelPath).toBeUndefined();
    const inUse = store.snapshot().speechModels.models.filter((each) => each.inUse);
    expect(inUse.map(({ path }) => path)).toEqual([join(own, 'first.bin')]);
    expect(looked()).toBe(1);
  });

  it('what IT chose stays', async () => {
    const chosen = join(own, 'chosen.bin');
    await writeFile(chosen, model);
    const policy = { origin: 'policy', values: { speechModelPath: chosen } } as const;
    const { models } = agentModels(createSettingsStore(join(folder, 'settings.json'), policy));
    expect(await models.handlers.removeModel({ path: chosen })).toMatchObject({
      refusal: { code: 'SETTING_MANAGED' },
    });
    expect(await readdir(own)).toEqual(['chosen.bin']);
  });

  it('takes what a broken-off download left with it, also where that is all there is', async () => {
    for (const name of ['ggml-tiny.bin.part', 'ggml-tiny.bin.part.json', 'notes.txt'])
      await writeFile(join(own, name), '');
    const { models } = agentModels(createSettingsStore(null));
    expect(await models.handlers.removeModel({ path: 'tiny' })).toEqual({});
    expect(await readdir(own)).toEqual(['notes.txt']);
    expect(await models.handlers.removeModel({ path: 'notes.txt' })).toMatchObject({
      refusal: { code: 'MODEL_NOT_REMOVED' },
    });
  });

  it('looking again looks for tools too: a file may have been put there by hand', async () => {
    const { models, looked } = agentModels(createSettingsStore(null));
    await models.handlers.refreshModels({});
    expect(looked()).toBe(1);
  });
});

describe('choosing a model', () => {
  it('a speech detector is none, and says so where it is set anyway', async () => {
    const detector = join(folder, 'ggml-silero.bin');
    await writeDetectorModel(detector, 'everything');
    await writeFile(join(own, 'first.bin'), model);
    const { models } = agentModels(createSettingsStore(null));
    const choose = { path: detector, consent: true };
    expect(await models.handlers.chooseModel(choose)).toMatchObject({ refusal: { code: 'MODEL_WRONG_FORMAT' } });
    const set = agentModels(createSettingsStore(null, { origin: 'argument', values: { speechModelPath: detector } }));
    await set.models.refresh();
    expect(set.store.snapshot().speechModels.models.filter(({ inUse }) => inUse)).toEqual([]);
    expect(await whyNotModel(detector)).toMatchObject({
      code: 'SPEECH_MODEL_WRONG_FORMAT',
      message: `The speech model “${detector}” is not a whisper.cpp model: it tells speech from other sound and transcribes nothing.`,
    });
    expect(await whyNotModel(join(own, 'first.bin'))).toBeNull();
  });
});

describe('adding a model', () => {
  const shelf = (free: number) =>
    createModelLibrary({
      folder: own,
      settings: () => ({}),
      env: {},
      unchoose: () => null,
      fetch: never,
      sleep: () => Promise.resolve(),
      freeBytes: () => Promise.resolve(free),
    });

  it('asks the disk first', async () => {
    const add = shelf(1000).add(join(folder, 'made.bin'), true);
    const error: unknown = await add.catch((reason: unknown) => reason);
    if (!(error instanceof ModelDownloadError)) throw new Error('it was not refused');
    expect(error.refusal).toMatchObject({ code: 'DISK_FULL', message: expect.stringContaining('made.bin needs') });
    expect(await readdir(own)).toEqual([]);
    expect(await shelf(1e12).add(join(folder, 'made.bin'), true)).toBe(join(own, 'made.bin'));
  });
});

describe('a download that arrived before', () => {
  it('is checked and named without being asked for again', async () => {
    const target = join(own, 'ggml-tiny.bin');
    const ranges: (string | undefined)[] = [];
    const server = createServer(({ headers }, response) => {
      ranges.push(headers.range);
      response.writeHead(416, { 'content-range': `bytes */${String(model.length)}` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/ggml-tiny.bin`;
    await writeFile(`${target}.part`, model);
    await writeFile(`${target}.part.json`, JSON.stringify({ url, etag: '"v1"' }));
    await downloadModel(
      {
        url,
        target,
        sha256: createHash('sha256').update(model).digest('hex'),
        approximateBytes: model.length,
        signal: new AbortController().signal,
        onProgress: () => undefined,
        onChecking: () => undefined,
        inspect: () => Promise.resolve(null),
      },
      { fetch, sleep: () => Promise.resolve() },
    );
    server.close();
    expect(ranges).toEqual([`bytes=${String(model.length)}-`]);
    expect(await readFile(target)).toEqual(model);
    expect(await readdir(own)).toEqual(['ggml-tiny.bin']);
  });
});
