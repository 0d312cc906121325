import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSource } from '../../electron/work/storage/open-source.ts';
import { createMediaRoots } from '../../electron/work/storage/media-roots.ts';
import { createRootGate } from '../../electron/work/storage/root-gate.ts';
import { sourceInput } from '../../electron/work/storage/source-input.ts';
import { locate } from '../../electron/work/storage/source-path.ts';
import { JobFailure } from '../../shared/failure.ts';
import { createFakeClock } from '../support/fake-time.ts';
import { systemClock } from '../../electron/work/clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'rc-storage-'));
const root = join(folder, 'root');
const outside = join(folder, 'outside');
beforeAll(() => {
  mkdirSync(join(root, 'sub'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(root, 'clip.mov'), 'film');
  writeFileSync(join(outside, 'secret.mov'), 'secret');
  writeFileSync(join(root, 'empty.mov'), '');
  execFileSync('mkfifo', [join(root, 'pipe.mov'), join(outside, 'pipe.mov')]);
  symlinkSync(join(outside, 'secret.mov'), join(root, 'link-out.mov'));
  symlinkSync(join(outside, 'pipe.mov'), join(root, 'link-pipe.mov'));
  symlinkSync('../clip.mov', join(root, 'sub', 'link-in.mov'));
  symlinkSync('loop.mov', join(root, 'loop.mov'));
  symlinkSync(outside, join(root, 'dir-out'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function codeOf(relative: string): Promise<string> {
  try {
    const opened = await openSource(root, relative);
    await opened.handle.close();
    return 'open';
  } catch (error) {
    if (error instanceof JobFailure) return error.failure.code;
    throw error;
  }
}

describe('locate', () => {
  const roots = [
    { name: 'A', path: '/mnt/a', serverPrefix: '\\\\nas\\rushes' },
    { name: 'B', path: '/mnt/b', serverPrefix: '\\\\nas\\rushes\\b' },
  ];
  it.each([
    ['A/x/y.mov', { kind: 'in-root', root: 'A', relative: 'x/y.mov' }],
    ['\\\\nas\\rushes\\day 1\\c.mov', { kind: 'in-root', root: 'A', relative: 'day 1/c.mov' }],
    ['\\\\nas\\rushes\\b\\c.mov', { kind: 'in-root', root: 'B', relative: 'c.mov' }],
    ['\\\\nas\\rushes-old\\c.mov', { kind: 'unknown-root' }],
    ['C/x.mov', { kind: 'unknown-root' }],
    ['/etc/passwd', { kind: 'unknown-root' }],
  ])('%s', (path, located) => expect(locate(path, roots)).toEqual(located));
  it.each(['A/../x', 'A/x/..', '..\\x', 'A/x\0.mov'])('refuses %j', (path) => {
    expect(locate(path, roots).kind).toBe('forbidden');
  });
  it('takes a bare path for the only root, but no absolute one', () => {
    const [only] = roots.slice(0, 1);
    expect(locate('day 1/c.mov', only === undefined ? [] : [only])).toMatchObject({ relative: 'day 1/c.mov' });
    expect(locate('/etc/passwd', only === undefined ? [] : [only]).kind).toBe('unknown-root');
    expect(locate('C:\\x.mov', only === undefined ? [] : [only]).kind).toBe('unknown-root');
  });
});

describe('opening a source', () => {
  it.each([
    ['clip.mov', 'open'],
    ['sub/link-in.mov', 'open'],
    ['link-out.mov', 'SOURCE_FORBIDDEN'],
    ['link-pipe.mov', 'SOURCE_FORBIDDEN'],
    ['dir-out/secret.mov', 'SOURCE_FORBIDDEN'],
    ['pipe.mov', 'SOURCE_UNREADABLE'],
    ['sub', 'SOURCE_UNREADABLE'],
    ['.', 'SOURCE_UNREADABLE'],
    ['empty.mov', 'SOURCE_UNREADABLE'],
    ['loop.mov', 'SOURCE_UNREADABLE'],
    ['missing.mov', 'SOURCE_UNREADABLE'],
    ['clip.mov/x', 'SOURCE_UNREADABLE'],
  ])('%s → %s', async (name, code) => expect(await codeOf(name)).toBe(code));

  it('gives tools a descriptor only where each of them gets a position of its own', () => {
    expect(sourceInput('/rushes/a.mov', 'linux')).toBe('/dev/fd/3');
    // fd(4) of macOS: opening /dev/fd/3 is fcntl(3, F_DUPFD).
    expect(sourceInput('/rushes/a.mov', 'darwin')).toBe('/rushes/a.mov');
    expect(sourceInput('C:\\rushes\\a.mov', 'win32')).toBe('C:\\rushes\\a.mov');
  });

  it('finds a name in the other Unicode normal form', async () => {
    writeFileSync(join(root, 'été.mov'.normalize('NFD')), 'film');
    writeFileSync(join(root, 'hiver à.mov'.normalize('NFC')), 'film');
    expect(await codeOf('été.mov'.normalize('NFC'))).toBe('open');
    expect(await codeOf('hiver à.mov'.normalize('NFD'))).toBe('open');
  });

  it('never opens what a link is swapped to in between', async () => {
    const path = join(root, 'swapped.mov');
    writeFileSync(path, 'film');
    const over = new AbortController();
    const swapping = (async () => {
      while (!over.signal.aborted) {
        unlinkSync(path);
        symlinkSync(join(outside, 'secret.mov'), path);
        await new Promise((resolve) => setImmediate(resolve));
        unlinkSync(path);
        writeFileSync(path, 'film');
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const seen = new Map<string, number>();
    for (let n = 0; n < 300; n += 1) {
      const opened = await openSource(root, 'swapped.mov').catch(() => null);
      const content = opened === null ? 'refused' : (await opened.handle.readFile()).toString();
      await opened?.handle.close();
      seen.set(content, (seen.get(content) ?? 0) + 1);
    }
    over.abort();
    await swapping;
    console.info(
      `  300 opens of a name that changes: ${[...seen].map(([what, count]) => `${count} ${what}`).join(', ')}`,
    );
    expect(seen.has('secret')).toBe(false);
  });
});

describe('a root that does not answer', () => {
  it('costs one call and 5 s, then nothing, until it answers again', async () => {
    const clock = createFakeClock();
    const gate = createRootGate(clock);
    const other = createRootGate(clock);
    const fifo = join(folder, 'hung');
    execFileSync('mkfifo', [fifo]);
    // A file call that really hangs: nobody writes into this FIFO.
    let calls = 0;
    const hang = (): Promise<unknown> => {
      calls += 1;
      return open(fifo, 'r').then((handle) => handle.close());
    };
    const first = gate.run(hang);
    const queued = gate.run(hang);
    expect(await other.run(async () => 'fine')).toEqual({ kind: 'answered', value: 'fine' });
    await clock.pass(5_000);
    expect([await first, await queued].map(({ kind }) => kind)).toEqual(['not-answering', 'not-answering']);
    expect((await gate.run(hang)).kind).toBe('not-answering');
    expect([calls, gate.answering]).toEqual([1, false]);
    await (await open(fifo, 'w')).close();
    while (!gate.answering) await new Promise((resolve) => setImmediate(resolve));
    expect(await gate.run(async () => 'back')).toEqual({ kind: 'answered', value: 'back' });
  });
});

describe('looking before the claim', () => {
  it('waits for a fresh file until two looks 2 s apart agree, and not for an old one', async () => {
    const clock = createFakeClock();
    const now = Date.now();
    const roots = createMediaRoots([{ name: 'M', path: root }], { ...clock, sleep: systemClock.sleep, now: () => now });
    writeFileSync(join(root, 'growing.mov'), 'one');
    expect((await roots.look('M/growing.mov')).kind).toBe('growing');
    await clock.pass(1_900);
    expect((await roots.look('M/growing.mov')).kind).toBe('growing');
    writeFileSync(join(root, 'growing.mov'), 'one two');
    await clock.pass(200);
    expect((await roots.look('M/growing.mov')).kind).toBe('growing');
    await clock.pass(2_000);
    expect((await roots.look('M/growing.mov')).kind).toBe('claimable');
    const later = createMediaRoots([{ name: 'M', path: root }], {
      ...clock,
      sleep: systemClock.sleep,
      now: () => now + 60_000,
    });
    expect((await later.look('M/growing.mov')).kind).toBe('claimable');
  });

  it('tells a missing file from a share that is away', async () => {
    const empty = join(folder, 'mount-point');
    mkdirSync(empty);
    const roots = createMediaRoots(
      [
        { name: 'M', path: root },
        { name: 'E', path: empty },
        { name: 'X', path: join(folder, 'nowhere') },
      ],
      systemClock,
    );
    expect((await roots.look('M/missing.mov')).kind).toBe('claimable');
    expect(await roots.look('E/missing.mov')).toEqual({ kind: 'root-unavailable', root: 'E' });
    expect(await roots.look('X/missing.mov')).toEqual({ kind: 'root-unavailable', root: 'X' });
    expect(await roots.look('Z/missing.mov')).toEqual({ kind: 'unknown-root' });
    await expect(roots.open('E/missing.mov')).rejects.toMatchObject({ failure: { code: 'STORAGE_UNAVAILABLE' } });
    expect((await roots.check()).map(({ readable }) => readable)).toEqual([true, false, false]);
  });

  it('notices that a source changed while it was open', async () => {
    writeFileSync(join(root, 'changing.mov'), 'one');
    const roots = createMediaRoots([{ name: 'M', path: root }], systemClock);
    const opened = await roots.open('M/changing.mov');
    expect(await roots.unchanged('M/changing.mov', opened)).toBe(true);
    writeFileSync(join(root, 'changing.mov'), 'another');
    expect(await roots.unchanged('M/changing.mov', opened)).toBe(false);
    await opened.handle.close();
  });
});
