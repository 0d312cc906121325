import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTool, searchPath, type ToolPlaces } from '../../electron/work/process/find-tool.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rc-find-tool-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function tool(place: string, name = 'ffmpeg', mode = 0o755): Promise<string> {
  await mkdir(join(folder, place), { recursive: true });
  const path = join(folder, place, name);
  await writeFile(path, '#!/bin/sh\n', { mode });
  await chmod(path, mode);
  return path;
}

describe('findTool', () => {
  it('goes setting → environment → bundled → ffmpeg-static → PATH', async () => {
    const everywhere = async (): Promise<ToolPlaces> => {
      const fromPackage = await tool('package');
      return {
        setting: await tool('setting'),
        env: { FFMPEG_BIN: await tool('environment'), PATH: join(await tool('path'), '..') },
        bundledDir: join(await tool('bundled'), '..'),
        ffmpegStatic: () => fromPackage,
      };
    };
    const places = await everywhere();
    for (const origin of ['setting', 'environment', 'bundled', 'ffmpeg-static', 'path'] as const) {
      const directory = origin === 'ffmpeg-static' ? 'package' : origin;
      const found = await findTool('ffmpeg', places);
      expect(found).toMatchObject({ origin, path: join(folder, directory, 'ffmpeg') });
      await rm(join(folder, directory), { recursive: true });
    }
    expect(await findTool('ffmpeg', places)).toBeNull();
  });

  it('says which wishes of a person it passed over', async () => {
    const notExecutable = await tool('setting', 'ffmpeg', 0o644);
    const missing = join(folder, 'nowhere');
    const found = await findTool('ffmpeg', {
      setting: notExecutable,
      env: { FFMPEG_BIN: missing, PATH: join(await tool('path'), '..') },
      ffmpegStatic: () => null,
    });
    expect(found?.origin).toBe('path');
    expect(found?.passedOver).toEqual([
      { origin: 'setting', path: notExecutable },
      { origin: 'environment', path: missing },
    ]);
  });

  it('never takes the package’s ffmpeg for ffprobe', async () => {
    const fromPackage = await tool('package');
    expect(await findTool('ffprobe', { env: {}, ffmpegStatic: () => fromPackage })).toBeNull();
    const probe = await tool('environment', 'ffprobe');
    expect(await findTool('ffprobe', { env: { FFPROBE_BIN: probe, FFMPEG_BIN: fromPackage } })).toMatchObject({
      path: probe,
      origin: 'environment',
    });
  });

  it('does not trust the path ffmpeg-static names without its download', async () => {
    const found = await findTool('ffmpeg', { env: { PATH: '' } });
    if (found !== null) expect(found.origin).toBe('ffmpeg-static');
    expect(found === null || found.path.includes('ffmpeg-static')).toBe(true);
  });
});

describe('searchPath', () => {
  it('takes the first regular executable file and skips folders, plain files and relative entries', async () => {
    await mkdir(join(folder, 'a', 'ffmpeg'), { recursive: true });
    await tool('b', 'ffmpeg', 0o644);
    const right = await tool('c');
    await tool('d');
    const entries = [
      '',
      '.',
      'node_modules',
      join(folder, 'missing'),
      ...['a', 'b', 'c', 'd'].map((x) => join(folder, x)),
    ];
    expect(await searchPath('ffmpeg', { PATH: entries.join(':') })).toBe(right);
    expect(await searchPath('ffmpeg', {})).toBeNull();
  });
});
