import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../electron/work/clock.ts';
import { createMediaRoots } from '../../electron/work/storage/media-roots.ts';
import { isInside } from '../../electron/work/storage/source-path.ts';
import { JobFailure } from '../../shared/failure.ts';
import { seeded } from '../support/studio.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rc-paths-')));
const rushes = join(folder, 'rushes');
const second = join(folder, 'rushes-2');
const outside = join(folder, 'outside');
const FILM = 'film';
const SECRET = 'secret';

const roots = createMediaRoots(
  [
    { name: 'R', path: rushes, serverPrefix: '\\\\nas\\rushes' },
    { name: 'S', path: second, serverPrefix: '/srv/media' },
  ],
  systemClock,
);

beforeAll(() => {
  for (const path of [join(rushes, 'day 1'), join(second, 'day 1'), join(outside, 'day 1')]) {
    mkdirSync(path, { recursive: true });
  }
  for (const root of [rushes, second]) {
    writeFileSync(join(root, 'a.mov'), FILM);
    writeFileSync(join(root, 'day 1', 'b.mov'), FILM);
    symlinkSync(join(outside, 'a.mov'), join(root, 'out.mov'));
    symlinkSync('../../outside/a.mov', join(root, 'day 1', 'out-2.mov'));
    symlinkSync(outside, join(root, 'out'));
    symlinkSync('/', join(root, 'slash'));
    symlinkSync('day 1/b.mov', join(root, 'in.mov'));
  }
  for (const name of ['a.mov', 'b.mov', 'day 1/b.mov']) writeFileSync(join(outside, name), SECRET);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What came of one path: the failure's code, or what was read, which must be ours. */
async function readOf(path: string): Promise<string> {
  try {
    const opened = await roots.open(path);
    try {
      const text = (await opened.handle.readFile()).toString();
      const isOurs = isInside(opened.source.path, rushes) || isInside(opened.source.path, second);
      return isOurs && text === FILM ? 'film' : `READ ${text.slice(0, 20)} OF ${opened.source.path}`;
    } finally {
      await opened.handle.close();
    }
  } catch (error) {
    if (error instanceof JobFailure) return error.failure.code;
    throw error;
  }
}

const counted = (all: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const one of all) counts[one] = (counts[one] ?? 0) + 1;
  return counts;
};

describe('source paths', () => {
  it('5,000 generated ones read nothing outside the roots', async () => {
    const random = seeded(6);
    const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const begins = [
      'R/',
      'S/',
      'R',
      '',
      '/',
      '//',
      './',
      `${rushes}/`,
      `${rushes}`,
      `${outside}/`,
      '\\\\nas\\rushes\\',
    ];
    const more = ['\\\\nas\\rushes', '/srv/media/', '/srv/media', 'file:', 'R//', 'r/', 'S/./', '~/', 'C:\\', 'Ｒ/'];
    const parts = ['a.mov', 'b.mov', 'day 1', 'out', 'out.mov', 'in.mov', 'slash', '..', '.', '...', '%2e%2e', '..\\'];
    const odd = ['', ' ', '\0', '..%c0%af', 'out-2.mov', '-i', '%d', '|', 'x'.repeat(300), '\u202e', 'etc', 'passwd'];
    const tails = [
      folder.slice(1),
      outside.slice(1),
      '../outside/a.mov',
      'out/a.mov',
      'out/day 1/b.mov',
      'slash/etc/passwd',
    ];
    const seen: string[] = [];
    for (let n = 0; n < 5_000; n += 1) {
      const middle = Array.from({ length: Math.floor(random() * 5) }, () => oneOf(random() < 0.8 ? parts : odd));
      const end = random() < 0.3 ? [oneOf(tails)] : [oneOf(parts)];
      seen.push(
        await readOf(oneOf(random() < 0.6 ? begins : more) + [...middle, ...end].join(oneOf(['/', '/', '\\']))),
      );
    }
    console.info('  5,000 generated source paths:', counted(seen));
    expect(seen.filter((what) => what.startsWith('READ'))).toEqual([]);
    // Each way of ending was really met.
    expect(new Set(seen).size).toBeGreaterThanOrEqual(4);
  });

  it.skipIf(process.platform === 'win32')('1,000 link swaps during open read nothing outside the roots', async () => {
    const swapped = join(rushes, 'swap');
    mkdirSync(join(swapped, 'dir'), { recursive: true });
    writeFileSync(join(swapped, 'file.mov'), FILM);
    writeFileSync(join(swapped, 'dir', 'b.mov'), FILM);
    // In a thread of its own with atomic renames: the name changes at any moment of an open, not between two of ours.
    const worker = new Worker(
      `const { renameSync, symlinkSync } = require('node:fs');
       const { workerData: { swapped, outside }, parentPort } = require('node:worker_threads');
       symlinkSync(outside + '/a.mov', swapped + '/file.link'); symlinkSync(outside, swapped + '/dir.link');
       let go = true, swaps = 0; parentPort.on('message', () => { go = false; });
       const turn = () => {
         for (let n = 0; n < 50; n += 1) {
           for (const name of ['file', 'dir']) {
             const real = swapped + '/' + name + (name === 'file' ? '.mov' : '');
             const link = swapped + '/' + name + '.link', aside = swapped + '/' + name + '.aside';
             renameSync(real, aside); renameSync(link, real);
             renameSync(real, link); renameSync(aside, real);
             swaps += 1;
           }
         }
         if (go) setImmediate(turn); else parentPort.postMessage(swaps);
       };
       turn();`,
      { eval: true, workerData: { swapped, outside } },
    );
    const seen: string[] = [];
    const swaps = new Promise<number>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    for (let n = 0; n < 1_000; n += 1) seen.push(await readOf(n % 2 === 0 ? 'R/swap/file.mov' : 'R/swap/dir/b.mov'));
    worker.postMessage('enough');
    const count = await swaps;
    console.info(`  1,000 opens during ${count} swaps:`, counted(seen));
    expect(count).toBeGreaterThan(1_000);
    expect(seen.filter((what) => what.startsWith('READ'))).toEqual([]);
    expect(seen).toContain('SOURCE_FORBIDDEN');
  });
});
