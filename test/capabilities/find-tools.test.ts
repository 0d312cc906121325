import { chmod, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { findTools, isTooOld, parseVersion, type ToolSearch } from '../../electron/work/capabilities/find-tools.ts';
import { findSpeechModel } from '../../electron/work/capabilities/find-speech.ts';
import { missingTool } from '../../electron/work/capabilities/needs.ts';
import { usableTool } from '../../electron/compose/work/work-tools.ts';
import { createSandboxPort } from '../../electron/work/process/sandbox-port.ts';
import { memoryStore } from '../../electron/work/storage/text-store.ts';
import type { ToolState } from '../../shared/snapshot.ts';
import { writeWeightlessModel } from '../support/weightless-model.ts';
import { realProcesses, temporaryFolder } from './small-world.ts';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import { createWaveformExecutor } from '../../electron/work/executors/waveform.ts';

const search = (change: Partial<ToolSearch> = {}): ToolSearch => ({
  settings: {},
  env: process.env,
  processes: realProcesses,
  store: memoryStore(),
  ...change,
});

const named = (tools: readonly ToolState[], name: ToolState['name']): ToolState | undefined =>
  tools.find((tool) => tool.name === name);

describe('findTools', () => {
  it('finds ffmpeg and ffprobe, with the version they print, and the speech engine by starting it', async () => {
    const { tools, toolbox } = await findTools(search());
    expect(toolbox?.ffmpeg.version).toMatch(/^[nN]?\d/);
    expect(toolbox?.ffprobe.path).toMatch(/ffprobe/);
    expect(named(tools, 'speech-engine')).toMatchObject({
      found: true,
      version: expect.stringMatching(/^whisper\.cpp /),
    });
  });

  it('proves the media worker by letting it make a picture, and says so when it cannot', async () => {
    const { tools } = await findTools(search());
    expect(named(tools, 'media-worker')).toMatchObject({ found: true, version: expect.stringMatching(/^sharp \d/) });
    const broken = join(await temporaryFolder(), 'node');
    await writeFile(broken, '#!/bin/sh\necho "Error: Could not load the \\"sharp\\" module" >&2\nexit 1\n');
    await chmod(broken, 0o755);
    vi.stubEnv('RUSHCATALOG_NODE', broken);
    const without = await findTools(search());
    vi.unstubAllEnvs();
    const state = named(without.tools, 'media-worker');
    expect(state).toMatchObject({ found: false, problem: { code: 'MEDIA_WORKER_UNAVAILABLE' } });
    expect(state?.problem?.message).toContain('Could not load the "sharp" module');
    expect(missingTool(createThumbnailExecutor().needs, without.tools)?.code).toBe('MEDIA_WORKER_UNAVAILABLE');
    expect(missingTool(createWaveformExecutor().needs, without.tools)).toBeNull();
  });

  it('says that no model is chosen, and how to choose one', async () => {
    const { tools, toolbox } = await findTools(search());
    expect(named(tools, 'speech-model')).toEqual({
      name: 'speech-model',
      found: false,
      problem: {
        code: 'SPEECH_MODEL_NOT_CHOSEN',
        message: 'No speech model is chosen yet, so nothing is transcribed here.',
        nextStep: expect.stringContaining('rushcatalog-agent models download'),
        field: 'speechModelPath',
      },
    });
    expect(toolbox).not.toHaveProperty('speechModel');
  });

  it('does not take a program for a tool that is there but does not work', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'ffmpeg');
    await writeFile(path, '#!/bin/sh\necho "Segmentation fault" >&2\nexit 139\n');
    await chmod(path, 0o755);
    const { tools, toolbox } = await findTools(search({ settings: { ffmpegPath: path } }));
    expect(toolbox).toBeNull();
    expect(named(tools, 'ffmpeg')).toMatchObject({
      found: false,
      path,
      problem: { code: 'TOOL_BROKEN', field: 'ffmpegPath' },
    });
    expect(named(tools, 'ffmpeg')?.problem?.message).toContain('ended with code 139');
  });

  it('does not work with a release that is too old, and says which is needed', async () => {
    const path = join(await temporaryFolder(), 'ffprobe');
    await writeFile(path, '#!/bin/sh\necho "ffprobe version 4.4.2-0ubuntu0.22.04.1 Copyright (c) 2007-2021"\n');
    await chmod(path, 0o755);
    const { tools, toolbox } = await findTools(search({ settings: { ffprobePath: path } }));
    expect(toolbox).toBeNull();
    expect(named(tools, 'ffprobe')).toMatchObject({
      found: false,
      problem: {
        code: 'TOOL_TOO_OLD',
        message: `“${path}” is ffprobe 4.4.2-0ubuntu0.22.04.1, which is too old; 5.1 or newer is needed.`,
        field: 'ffprobePath',
      },
    });
    expect(missingTool(createWaveformExecutor().needs, tools)?.code).toBe('TOOL_TOO_OLD');
    vi.stubEnv('FFPROBE_BIN', path);
    await expect(
      usableTool('ffprobe', { settings: () => ({}), sandbox: createSandboxPort({ policy: () => 'off', env: {} }) }),
    ).rejects.toMatchObject({ refusal: { code: 'TOOL_TOO_OLD' } });
    vi.unstubAllEnvs();
  });

  it('names what is missing and the next step when a tool is nowhere', async () => {
    const empty = await temporaryFolder();
    const { tools, toolbox } = await findTools(search({ env: { PATH: empty } }));
    expect(toolbox).toBeNull();
    expect(named(tools, 'ffprobe')?.problem).toMatchObject({
      code: 'TOOL_MISSING',
      message: 'ffprobe was not found on this machine.',
      nextStep: expect.stringContaining('ffprobePath'),
    });
  });
});

describe('parseVersion', () => {
  it('reads the versions real builds print', () => {
    expect(parseVersion('ffmpeg', 'ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026')).toBe('5.1.9-0+deb12u1');
    expect(parseVersion('ffprobe', 'ffprobe version n8.0 Copyright (c) 2007-2025')).toBe('n8.0');
    expect(parseVersion('ffmpeg', 'ffmpeg version N-109542-g1bf1d4c Copyright')).toBe('N-109542-g1bf1d4c');
  });
  it('tells releases that are too old, and judges no build between releases', () => {
    const versions = [
      '4.1',
      'n4.4',
      '5.0.1',
      '5.1.9-0+deb12u1',
      'n5.1',
      '7.1',
      '10.0',
      'N-109542-g1bf1d4c',
      '2026-01-01-git',
    ];
    expect(versions.filter(isTooOld)).toEqual(['4.1', 'n4.4', '5.0.1']);
  });
  it('is not fooled by another program', () => {
    expect(parseVersion('ffmpeg', 'ffprobe version 5.1')).toBeNull();
    expect(parseVersion('ffmpeg', '')).toBeNull();
  });
});

describe('findSpeechModel', () => {
  it('hashes a model once and again only when it changed', async () => {
    const path = join(await temporaryFolder(), 'model.bin');
    await writeWeightlessModel(path);
    const store = memoryStore();
    const first = await findSpeechModel(path, store);
    expect(first.model?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(first.state).toMatchObject({ found: true, version: 'tiny, multilingual, without weights (for tests)' });

    const key = `model-sha256:${path}`;
    const remembered = store.get(key) ?? '';
    store.set(key, remembered.replace(/"sha256":"[0-9a-f]{64}"/, `"sha256":"${'0'.repeat(64)}"`));
    expect((await findSpeechModel(path, store)).model?.sha256).toBe('0'.repeat(64));

    await utimes(path, new Date(), new Date(Date.now() + 5000));
    expect((await findSpeechModel(path, store)).model?.sha256).toBe(first.model?.sha256);
  });

  it.each([
    ['a PyTorch file', Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(200)]), /PyTorch/],
    ['a GGUF file', Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(200)]), /GGUF/],
    ['a text', Buffer.from('hello '.repeat(40)), /ggml mark/],
    ['an empty file', Buffer.alloc(0), /too short/],
  ])('says what %s is', async (_what, bytes, why) => {
    const path = join(await temporaryFolder(), 'model.bin');
    await writeFile(path, bytes);
    const { state, model } = await findSpeechModel(path, memoryStore());
    expect(model).toBeUndefined();
    expect(state.problem).toMatchObject({ code: 'SPEECH_MODEL_WRONG_FORMAT', message: expect.stringMatching(why) });
  });

  it('notices a download that was not finished', async () => {
    const folder = await temporaryFolder();
    await writeWeightlessModel(join(folder, 'whole.bin'));
    const whole = await readFile(join(folder, 'whole.bin'));
    await writeFile(join(folder, 'cut.bin'), whole.subarray(0, whole.length - 100));
    expect((await findSpeechModel(join(folder, 'cut.bin'), memoryStore())).state.problem?.code).toBe(
      'SPEECH_MODEL_TRUNCATED',
    );
  });

  it('says that a model is not there', async () => {
    const path = join(await temporaryFolder(), 'gone.bin');
    expect((await findSpeechModel(path, memoryStore())).state.problem?.code).toBe('SPEECH_MODEL_MISSING');
  });
});
