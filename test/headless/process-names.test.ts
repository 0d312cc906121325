import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitted, proxyPath } from '../../electron/agent/exports/layout.ts';
import { findMedia } from '../../electron/compose/work/find-media.ts';
import { kindOfName } from '../../shared/media-names.ts';
import { haveProxyLike, outputFolders } from '../../electron/headless/process/output-folders.ts';
import { ensureBuilt } from '../../scripts/build.mjs';
import { h264Clip, NO_FFMPEG, photoFile, wavFile } from '../support/made-media.ts';
import { runProcess } from '../support/run-process.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'process-names-'));
  await mkdir(join(folder, 'tmp'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('names of media', () => {
  it.each([
    ['DSC_0001.HIF', 'photo'],
    ['GOPR0001.GPR', 'photo'],
    ['IMG_20260101.insp', 'photo'],
    ['MOV001.MOD', 'video'],
    ['VID_1.360', 'video'],
    ['DJI_0001.LRF', 'video'],
    ['A001C001.nev', 'video'],
    ['A001.ARI', 'video'],
    ['TAKE 1.WAVE', 'sound'],
  ])('knows %s', (name, kind) => {
    expect(kindOfName(`/card/${name}`)).toBe(kind);
  });

  it('takes no proxy that lies beside its source for media of its own', async () => {
    const day = join(folder, 'day1');
    const files = ['A001.mov', 'Proxy/A001_Proxy.mp4', 'Proxy/A001.mov', 'Proxy/B001.mov', 'other/A001_Proxy.mov'];
    for (const name of files) {
      await mkdir(dirname(join(day, name)), { recursive: true });
      await writeFile(join(day, name), 'x');
    }
    const { files: found, skipped } = await findMedia([day]);
    const below = (path: string): string => path.slice(day.length + 1);
    expect(found.map(({ path }) => below(path)).sort()).toEqual(['A001.mov', 'Proxy/B001.mov', 'other/A001_Proxy.mov']);
    expect(skipped.map(({ path, why }) => [below(path), why])).toEqual([
      ['Proxy/A001_Proxy.mp4', 'proxy'],
      ['Proxy/A001.mov', 'proxy'],
    ]);
  });

  it('names what it passed over in a folder', async () => {
    const card = join(folder, 'card');
    await mkdir(card);
    for (const name of ['STATUS.BIN', 'clip.mov.xmp']) await writeFile(join(card, name), 'x');
    expect(await findMedia([card])).toMatchObject({
      files: [],
      skipped: [
        { path: join(card, 'clip.mov.xmp'), why: 'not-media' },
        { path: join(card, 'STATUS.BIN'), why: 'not-media' },
      ],
    });
  });
});

describe('long names', () => {
  const bytesOf = (path: string): number => Buffer.byteLength(path.slice(path.lastIndexOf('/') + 1));

  it.each(['x'.repeat(251), 'é'.repeat(125), '👩‍🚒'.repeat(22), 'x'.repeat(240)])('gives %s a name that fits', (stem) => {
    for (const layout of ['premiere', 'resolve'] as const) {
      const path = proxyPath(
        { layout, out: '/out', folder: '/out/x', source: `/card/${stem}.mov`, isNamesake: false },
        'proxy_video_12.mov',
      );
      // Nine more while it is being written.
      expect(bytesOf(path)).toBeLessThanOrEqual(246);
      expect(path).not.toMatch(/\p{Cs}|�/u);
    }
  });

  it('keeps two long names apart, and the same name the same', () => {
    const one = fitted(`${'x'.repeat(250)}1`, '_Proxy.mov');
    expect(fitted(`${'x'.repeat(250)}2`, '_Proxy.mov')).not.toBe(one);
    expect(fitted(`${'x'.repeat(250)}1`, '_Proxy.mov')).toBe(one);
    expect(fitted('A001', '_Proxy.mov')).toBe('A001');
  });
});

describe('whose proxy has a name', () => {
  it('is asked by what lies in the folders of namesakes', async () => {
    const out = join(folder, 'asked');
    const proxy = (content_type: string, kind: 'proxy_video' | 'proxy_audio') => ({
      kind,
      ref: '1',
      content_type,
      size_bytes: 1,
      sha256: 'a'.repeat(64),
    });
    const write = async (name: string, source: string, derived_manifest: object[]) => {
      await mkdir(join(out, name), { recursive: true });
      await writeFile(join(out, name, 'result.json'), JSON.stringify([{ source, result: { derived_manifest } }]));
    };
    await write('A', '/card/A.jpg', []);
    await write('A-2', '/card/A.wav', [proxy('audio/mp4', 'proxy_audio')]);
    const place = (await outputFolders(out, ['/card/A.mov'])).get('/card/A.mov');
    expect(place).toEqual({ folder: join(out, 'A-3'), namesakes: [join(out, 'A'), join(out, 'A-2')], earlier: null });
    const namesakes = place?.namesakes ?? [];
    expect(await haveProxyLike(namesakes, [proxy('video/quicktime', 'proxy_video')])).toBe(false);
    expect(await haveProxyLike(namesakes, [proxy('audio/mp4', 'proxy_audio')])).toBe(true);
  });
});

describe.skipIf(NO_FFMPEG !== null)(`process${NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`}`, () => {
  beforeAll(ensureBuilt);

  it('puts the proxy of a clip beside the others, though a photo has its stem', { tags: ['slow'] }, async () => {
    const media = join(folder, 'live');
    await mkdir(media);
    await copyFile(await photoFile('photo.jpg'), join(media, 'IMG_7.JPG'));
    await copyFile(await h264Clip({ seconds: 1 }), join(media, 'IMG_7.MOV'));
    await copyFile(await wavFile(), join(media, 'IMG_7.WAV'));
    await copyFile(await h264Clip({ seconds: 1 }), join(media, 'IMG_8.MOV'));
    const out = join(folder, 'live-out');
    const args = [media, '--jobs', 'proxies', '--layout', 'premiere', '--out', out];
    // A photo gives no proxy: it fails by name, the clips do not.
    expect((await runProcess(args, folder)).code).toBe(1);
    expect((await readdir(out)).filter((name) => name.includes('_Proxy')).sort()).toEqual([
      'IMG_7_Proxy.m4a',
      'IMG_7_Proxy.mp4',
      'IMG_8_Proxy.mp4',
    ]);
  });

  it('loses no other result by one that cannot be written', async () => {
    const media = join(folder, 'blocked');
    await mkdir(media);
    for (const name of ['a.mp4', 'b.mp4']) await copyFile(await h264Clip({ seconds: 1 }), join(media, name));
    const out = join(folder, 'blocked-out');
    // What already has the name of a result is a folder of somebody else.
    await mkdir(join(out, 'Proxy', 'a.mp4', 'foreign'), { recursive: true });
    const ended = await runProcess([media, '--jobs', 'proxies', '--layout', 'resolve', '--out', out], folder);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain('RESULT_NOT_WRITTEN');
    expect(ended.stdout).toContain('1 done, 1 failed');
    expect(await readdir(join(out, 'Proxy'))).toContain('b.mp4');
    const [entry] = JSON.parse(await readFile(join(out, 'a', 'result.json'), 'utf8')) as { status: string }[];
    expect(entry).toMatchObject({ status: 'failed', error_code: 'RESULT_NOT_WRITTEN' });
  });

  it('writes the result of a name that leaves no room for an ending', { tags: ['slow'] }, async () => {
    const media = join(folder, 'long');
    await mkdir(media);
    const stem = 'é'.repeat(125);
    await copyFile(await h264Clip({ seconds: 1 }), join(media, `${stem}.mp4`));
    const out = join(folder, 'long-out');
    const ended = await runProcess([media, '--jobs', 'proxies', '--layout', 'premiere', '--out', out], folder);
    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
    expect((await readdir(out)).filter((name) => name.endsWith('_Proxy.mp4'))).toHaveLength(1);
  });

  it('says which names it passed over where nothing is media', async () => {
    const ended = await runProcess([join(folder, 'card')], folder);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('“clip.mov.xmp”, “STATUS.BIN”');
    expect(ended.stderr).toContain('[NO_MEDIA]');
  });
});
