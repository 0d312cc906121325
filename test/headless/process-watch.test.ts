import { spawn, type ChildProcess } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build.mjs';
import { h264Clip, NO_FFMPEG } from '../support/made-media.ts';
import { runProcess } from '../support/run-process.ts';

const CLI = fileURLToPath(new URL('../../out/node/rushcatalog-agent.js', import.meta.url));

describe.skipIf(NO_FFMPEG !== null)(`process --watch${NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`}`, () => {
  let folder: string;
  beforeAll(async () => {
    ensureBuilt();
    folder = await mkdtemp(join(tmpdir(), 'process-watch-'));
    await mkdir(join(folder, 'tmp'));
    await mkdir(join(folder, 'card'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('does what is there and what is copied in, once it is whole, until it is told to stop', async () => {
    const clip = await h264Clip();
    await copyFile(clip, join(folder, 'card', 'there.mp4'));
    const args = ['process', '--watch', 'card', '--jobs', 'thumbnails', '--out', 'out'];
    const env = { ...process.env, TMPDIR: join(folder, 'tmp') };
    const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = linesOf(child);
    await said('there.mp4: thumbnails → out/there');
    // The second one arrives in two halves, with a pause that is longer than what a file has to stand still.
    const bytes = await readFile(clip);
    const slow = await open(join(folder, 'card', 'slow.mp4'), 'w');
    await slow.write(bytes.subarray(0, bytes.length / 2));
    await sleep(7_000);
    expect(await readdir(join(folder, 'out'))).toEqual(['there']);
    await slow.write(bytes.subarray(bytes.length / 2), 0, bytes.length - Math.floor(bytes.length / 2));
    await slow.close();
    await said('slow.mp4: thumbnails → out/slow');
    child.kill('SIGINT');
    await said('2 done, 0 failed');
    expect(await exitOf(child)).toBe(0);
    expect(await readdir(join(folder, 'out', 'slow'))).toEqual(['result.json', 'thumb_000.webp']);
  });

  it('takes folders only, and no results for rushes', async () => {
    const file = await runProcess(['--watch', 'card/there.mp4'], folder);
    expect([file.code, file.stderr]).toEqual([2, expect.stringContaining('NOT_A_FOLDER')]);
    const inside = await runProcess(['--watch', '.'], folder);
    expect([inside.code, inside.stderr]).toEqual([2, expect.stringContaining('OUT_INSIDE_WATCHED')]);
    expect((await runProcess(['--watch'], folder)).stderr).toContain('NOT_A_FOLDER');
  });
});

/** Waits until the program has said something, or ended. */
function linesOf(child: ChildProcess): (text: string) => Promise<void> {
  let all = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => (all += piece.toString()));
  return async (text) => {
    while (!all.includes(text)) {
      if (child.exitCode !== null) throw new Error(`it ended and did not say “${text}”:\n${all}`);
      await sleep(50);
    }
  };
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  while (child.exitCode === null && child.signalCode === null) await sleep(50);
  return child.exitCode;
}
