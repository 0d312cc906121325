import { copyFile, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build.mjs';
import { h264Clip, NO_FFMPEG } from '../support/made-media.ts';
import { runProcess } from '../support/run-process.ts';

const LIMIT_MS = 300_000;

/** Results go where a person's own files lie, too. */
describe.skipIf(NO_FFMPEG !== null)(
  `what lies where results go${NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`}`,
  () => {
    let folder: string;
    let clip: string;
    beforeAll(async () => {
      ensureBuilt();
      folder = await mkdtemp(join(tmpdir(), 'foreign-results-'));
      await mkdir(join(folder, 'tmp'));
      await mkdir(join(folder, 'card'));
      clip = join(folder, 'card', 'A001.mp4');
      await copyFile(await h264Clip({ seconds: 1 }), clip);
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const process = (out: string, ...more: string[]) =>
      runProcess([clip, '--jobs', 'proxies,thumbnails', '--out', out, ...more], folder);

    it('is not written through by a link prepared beside a result', { timeout: LIMIT_MS }, async () => {
      const out = join(folder, 'linked');
      const precious = join(folder, 'precious.txt');
      await writeFile(precious, 'precious');
      await mkdir(join(out, 'A001'), { recursive: true });
      for (const name of ['result.json', 'proxy_video.mp4', 'thumb_000.webp']) {
        await symlink(precious, join(out, 'A001', `${name}.part`));
      }
      const ended = await process(out);
      expect(ended.code, ended.stdout + ended.stderr).toBe(0);
      expect(await readFile(precious, 'utf8')).toBe('precious');
      for (const name of ['result.json', 'proxy_video.mp4', 'thumb_000.webp']) {
        expect((await lstat(join(out, 'A001', name))).isFile()).toBe(true);
      }
    });

    it(
      'stays where it is: a folder with such a file is not this source’s',
      { tags: ['slow'], timeout: LIMIT_MS },
      async () => {
        const out = join(folder, 'occupied');
        await mkdir(join(out, 'A001'), { recursive: true });
        await writeFile(join(out, 'A001', 'proxy_video.mp4'), 'cut by hand');
        expect((await process(out)).code).toBe(0);
        expect(await readFile(join(out, 'A001', 'proxy_video.mp4'), 'utf8')).toBe('cut by hand');
        expect(await readdir(join(out, 'A001'))).toEqual(['proxy_video.mp4']);
        expect(await readdir(join(out, 'A001-2'))).toContain('result.json');
        // Again: the folder is known by its result.json.
        expect((await process(out)).code).toBe(0);
        expect((await readdir(out)).sort()).toEqual(['A001', 'A001-2']);
      },
    );

    it('keeps its name where proxies lie together, and says so', { tags: ['slow'], timeout: LIMIT_MS }, async () => {
      const out = join(folder, 'together');
      await mkdir(out);
      const place = join(out, 'A001_Proxy.mp4');
      await writeFile(place, 'graded by hand');
      const ended = await process(out, '--layout', 'premiere');
      expect(ended.code).toBe(1);
      expect(ended.stdout).toMatch(/something else has its name there.*--out/);
      expect(await readFile(place, 'utf8')).toBe('graded by hand');
      await rm(place);
      expect((await process(out, '--layout', 'premiere')).code).toBe(0);
      const made = await readFile(place);
      // One’s own is replaced.
      expect((await process(out, '--layout', 'premiere')).code).toBe(0);
      expect(await readFile(place)).toEqual(made);
      expect((await readdir(out)).sort()).toEqual(['A001', 'A001_Proxy.mp4']);
    });
  },
);
