import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newRecord, withOutcome } from '../../electron/work/capabilities/declared.ts';
import { findSpeech, NO_MODEL_CODE } from '../../electron/work/capabilities/find-speech.ts';
import { memoryStore } from '../../electron/work/storage/text-store.ts';
import { createJobProcesses } from '../../electron/work/process/job-processes.ts';
import { checkModel } from '../../electron/work/speech/engine-failure.ts';
import { writeStandInCli } from '../support/stand-in-cli.ts';
import { writeWeightlessModel } from '../support/weightless-model.ts';
import { failureOf } from './rig.ts';

let folder = '';
let model = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rushcatalog-find-'));
  model = join(folder, 'model.bin');
  await writeWeightlessModel(model);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const find = (settings: Parameters<typeof findSpeech>[0]['settings'], env = {}, modelsFolder?: string) =>
  findSpeech(
    { settings, env, store: memoryStore(), modelsFolder },
    createJobProcesses({ runId: 'find', owner: 'find', jobId: 'find', nice: 0 }),
  );
const problemOf = ({ states }: Awaited<ReturnType<typeof find>>) =>
  states.find(({ name }) => name === 'speech-model')?.problem?.code;

describe('finding the speech engine and its model', () => {
  it('nothing chosen is a choice to make, not a fault; the engine itself starts', async () => {
    const found = await find({});
    expect(problemOf(found)).toBe(NO_MODEL_CODE);
    expect(found.toolbox).toMatchObject({ speechEngine: { kind: 'binding', variant: 'default' } });
    expect(found.toolbox.speechModel).toBeUndefined();
  });

  it('takes a model from the folder IT keeps, and the agent’s own', async () => {
    const managed = join(folder, 'managed');
    await mkdir(managed);
    await copyFile(model, join(managed, 'ggml-base.bin'));
    const cli = await writeStandInCli(folder, { windows: [] });
    const found = await find({ speechModelFolder: managed, whisperCliPath: cli.path });
    expect(found.states).toMatchObject([
      { name: 'speech-engine', found: true, version: 'whisper-cli 9.9.9', origin: 'setting' },
      { name: 'speech-model', found: true, path: join(managed, 'ggml-base.bin'), origin: 'managed folder' },
    ]);
    expect(found.toolbox.speechEngine).toEqual({ kind: 'whisper-cli', path: cli.path, version: '9.9.9' });
    const env = { WHISPER_CLI_BIN: cli.path };
    expect((await find({}, env, managed)).toolbox).toMatchObject({
      speechEngine: { kind: 'whisper-cli' },
      speechModel: { path: join(managed, 'ggml-base.bin') },
    });
  });

  it('a named whisper-cli that is none is passed over, and said', async () => {
    const broken = join(folder, 'broken-cli');
    await writeFile(broken, '#!/bin/sh\nexit 3\n');
    await chmod(broken, 0o755);
    const found = await find({ whisperCliPath: broken, speechModelPath: model });
    expect(found.states[0]).toMatchObject({
      found: true,
      origin: 'bundled',
      problem: { code: 'TOOL_PASSED_OVER', field: 'whisperCliPath' },
    });
    expect(found.toolbox.speechEngine?.kind).toBe('binding');
  });

  it('graphics variants count only when they really used a device', async () => {
    const found = await find({ encoder: 'auto', speechModelPath: model });
    const { speechEngine } = found.toolbox;
    console.log('engine:', found.states[0]?.version, speechEngine);
    if (speechEngine?.kind !== 'binding') throw new Error('no binding');
    // Either a device was proved and is named, or every variant says why not.
    if (speechEngine.variant === 'default' && process.platform !== 'darwin') {
      expect(speechEngine.passedOver.map(({ variant }) => variant)).toEqual(['cuda', 'vulkan']);
      for (const { why } of speechEngine.passedOver) expect(why).not.toBe('');
    } else expect(found.states[0]?.version).toContain(', on ');
  });
});

describe('another language than the model knows', () => {
  it('is said in words and withdraws nothing', async () => {
    const english = join(folder, 'english.bin');
    await writeWeightlessModel(english, { vocabulary: 51_864 });
    const failure = await failureOf(checkModel(english, 'fr'));
    expect(failure).toMatchObject({ retryable: true, message: expect.stringContaining('choose a multilingual model') });
    let record = newRecord('speech.transcription@1', 'transcribe_audio', true);
    for (let time = 0; time < 5; time += 1) record = withOutcome(record, failure, '2026-01-01T00:00:00Z');
    expect(record).toMatchObject({ faultsInARow: 0, withdrawals: 0 });
    expect(await checkModel(english, 'auto')).toMatchObject({ language: 'en' });
  });
});
