import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build.mjs';
import { runProcess } from '../support/run-process.ts';
import { FFPROBE, h264Clip, mp3WithCover, NO_FFMPEG, photoFile, silentClip, wavFile } from '../support/made-media.ts';

async function treeOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

async function hashes(folder: string, names: readonly string[]): Promise<string[]> {
  return Promise.all(
    names.map(async (name) =>
      createHash('sha256')
        .update(await readFile(join(folder, name)))
        .digest('hex'),
    ),
  );
}

interface Entry {
  readonly source: string;
  readonly job_type: string;
  readonly status: string;
  readonly error_code?: string;
  readonly retryable?: boolean;
}

const entriesOf = async (folder: string): Promise<Entry[]> =>
  JSON.parse(await readFile(join(folder, 'result.json'), 'utf8')) as Entry[];

describe.skipIf(NO_FFMPEG !== null)(`process${NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`}`, () => {
  let folder: string;
  let media: string;

  beforeAll(async () => {
    ensureBuilt();
    folder = await mkdtemp(join(tmpdir(), 'process-test-'));
    media = join(folder, 'in');
    await mkdir(join(media, 'day 2'), { recursive: true });
    await mkdir(join(folder, 'tmp'));
    await copyFile(await h264Clip(), join(media, 'clip.mp4'));
    await copyFile(await h264Clip({ seconds: 1 }), join(media, 'day 2', 'clip.mp4'));
    await copyFile(await silentClip(), join(media, '100%d été.mov'));
    await writeFile(join(media, 'text.mp4'), 'no film at all');
    await writeFile(join(media, 'zero.mp4'), '');
    await writeFile(join(media, 'notes.txt'), 'not media');
    execFileSync('mkfifo', [join(media, 'fifo.mp4')]);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('gives each good file its pictures and each bad one a named failure, and writes nothing else', async () => {
    const sources = ['clip.mp4', 'day 2/clip.mp4', '100%d été.mov', 'text.mp4', 'zero.mp4', 'notes.txt'];
    const before = await hashes(media, sources);
    const listed = await treeOf(media);
    const ended = await runProcess(['in', '--jobs', 'thumbnails', '--out', 'out'], folder);
    expect(ended.code).toBe(1);
    expect(await treeOf(join(folder, 'out'))).toEqual([
      '100%d été/result.json',
      '100%d été/thumb_000.webp',
      'clip-2/result.json',
      'clip-2/thumb_000.webp',
      'clip/result.json',
      'clip/thumb_000.webp',
      'fifo/result.json',
      'text/result.json',
      'zero/result.json',
    ]);
    for (const name of ['fifo', 'text', 'zero']) {
      const [entry] = await entriesOf(join(folder, 'out', name));
      expect(entry).toMatchObject({ status: 'failed', error_code: 'SOURCE_UNREADABLE', retryable: false });
    }
    const size = execFileSync(
      FFPROBE,
      [
        '-v',
        'error',
        '-show_entries',
        'stream=codec_name,width,height',
        '-of',
        'csv=p=0',
        join(folder, 'out/clip/thumb_000.webp'),
      ],
      { encoding: 'utf8' },
    );
    expect(size.trim()).toBe('webp,480,270');
    expect(ended.stdout).toContain('3 done, 3 failed');
    expect(ended.stderr).toContain('notes.txt: not a media file by its name');
    expect(await hashes(media, sources)).toEqual(before);
    expect(await treeOf(media)).toEqual(listed);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });

  it('finds the same folders again when it is repeated', { tags: ['slow'] }, async () => {
    await runProcess(['in/clip.mp4', 'in/day 2/clip.mp4', '--jobs', 'thumbnails', '--out', 'out'], folder);
    const folders = (await readdir(join(folder, 'out'))).filter((name) => name.startsWith('clip'));
    expect(folders.sort()).toEqual(['clip', 'clip-2']);
    expect((await entriesOf(join(folder, 'out', 'clip-2')))[0]?.source).toContain('day 2');
  });

  it('asks each kind of file for what it is good for', async () => {
    const kinds = join(folder, 'kinds');
    await mkdir(kinds);
    await copyFile(await h264Clip(), join(kinds, 'film.mp4'));
    await copyFile(await wavFile(), join(kinds, 'sound.wav'));
    await copyFile(await mp3WithCover(), join(kinds, 'music.mp3'));
    await copyFile(await photoFile('photo.jpg'), join(kinds, 'photo.jpg'));
    const ended = await runProcess(['kinds', '--out', 'kinds-out', '--json'], folder);
    expect(ended.code, ended.stderr).toBe(0);
    expect(await treeOf(join(folder, 'kinds-out'))).toEqual([
      'film/proxy_video.mp4',
      'film/result.json',
      'film/thumb_000.webp',
      'film/waveform.dat',
      'film/waveform.json',
      'music/proxy_audio.m4a',
      'music/result.json',
      'music/waveform.dat',
      'music/waveform.json',
      'photo/result.json',
      'photo/thumb_000.webp',
      'sound/proxy_audio.m4a',
      'sound/result.json',
      'sound/waveform.dat',
      'sound/waveform.json',
    ]);
    const all = JSON.parse(ended.stdout) as Entry[];
    const waiting = all.filter(({ status }) => status === 'waiting');
    expect(waiting.map(({ job_type: type }) => type)).toEqual(waiting.map(() => 'transcribe_audio'));
    expect(waiting).toHaveLength(3);
    expect(JSON.stringify(waiting)).toContain('No speech model is chosen');
  });
});
