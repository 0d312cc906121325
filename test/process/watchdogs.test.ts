import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { findTool } from '../../electron/work/process/find-tool.ts';
import { createStallJudge, watchIntervals, type Activity } from '../../electron/work/process/watchdogs.ts';
import { childProgram } from '../support/children/child-program.ts';
import { testProcesses } from '../support/children/collected-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'rc-watchdogs-'));
afterAll(() => rmSync(folder, { recursive: true }));
const ffmpeg = await findTool('ffmpeg', { env: process.env });
const shell = (script: string) => ({ program: '/bin/sh', args: ['-c', script] });

describe('wall clock', () => {
  it('ends a child that takes too long, busy or not', async () => {
    const result = await testProcesses().run({ ...childProgram('cpu-burner', 30_000), limits: { wallMs: 800 } });
    expect(result.end).toEqual({ kind: 'timed-out', afterMs: 800 });
  });
});

describe.skipIf(process.platform !== 'linux')('stall', () => {
  it('ends a hung child, and says after how long', async () => {
    const result = await testProcesses().run({ ...childProgram('sleeper'), limits: { stallMs: 1_500 } });
    expect(result.end).toEqual({ kind: 'stalled', afterMs: 1_500 });
  });

  it('ends one that hangs and ignores TERM', async () => {
    const result = await testProcesses().run({ ...childProgram('ignore-sigterm'), limits: { stallMs: 1_500 } });
    expect(result.end.kind).toBe('stalled');
  });

  it.skipIf(ffmpeg === null)('ends ffmpeg that waits for a FIFO named like a clip', async () => {
    const clip = join(folder, 'clip.mp4');
    execFileSync('mkfifo', [clip]);
    const args = ['-nostdin', '-hide_banner', '-progress', 'pipe:1', '-i', clip, '-f', 'null', '-'];
    const result = await testProcesses().run({
      program: ffmpeg?.path ?? '',
      args,
      stdout: { kind: 'ignore' },
      limits: { stallMs: 2_000 },
    });
    expect(result.end.kind).toBe('stalled');
  });

  it('never ends a slow one: little CPU, or only a grandchild’s, or only output, or only IO', async () => {
    const read = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do head -c 10000 /dev/zero >/dev/null; sleep 0.2; done';
    const say = 'for i in 1 2 3 4 5 6; do echo x; sleep 0.4; done';
    const burner = childProgram('cpu-burner', 2_500, 10);
    const nested = `"${burner.program}" ${burner.args.map((arg) => `"${arg}"`).join(' ')} & wait`;
    const limits = { stallMs: 1_000 };
    const results = await Promise.all(
      [burner, shell(nested), shell(say), shell(read)].map((spec) =>
        testProcesses().run({ ...spec, limits, stdout: { kind: 'lines', onLine: () => undefined } }),
      ),
    );
    expect(results.map((result) => result.end)).toEqual(Array.from({ length: 4 }, () => ({ kind: 'exited', code: 0 })));
  });

  it('does not blame the child for a consumer that takes its time', async () => {
    const result = await testProcesses().run({
      program: '/usr/bin/head',
      args: ['-c', '400000', '/dev/zero'],
      stdout: { kind: 'bytes', onBytes: () => delay(500) },
      limits: { stallMs: 400 },
    });
    expect(result.end).toEqual({ kind: 'exited', code: 0 });
  });
});

describe('createStallJudge', () => {
  const quiet: Activity = { cpuMs: 100, ioBytes: 7, outputBytes: 3, wantsCpu: false, members: '1' };

  it('counts from the last sign of life', () => {
    const judge = createStallJudge();
    expect(judge.idleMs(0, quiet)).toBe(0);
    expect(judge.idleMs(5_000, quiet)).toBe(5_000);
    const signs: Partial<Activity>[] = [
      { outputBytes: 4 },
      { outputBytes: 4, ioBytes: 8 },
      { outputBytes: 4, ioBytes: 8, members: '1 2' },
      { outputBytes: 4, ioBytes: 8, members: '1 2', wantsCpu: true },
      { outputBytes: 4, ioBytes: 8, members: '1 2', cpuMs: 200 },
    ];
    signs.forEach((sign, i) => expect(judge.idleMs(10_000 + i * 5_000, { ...quiet, ...sign })).toBe(0));
  });

  it('takes mere polling for a hang and slow work for work', () => {
    const judge = createStallJudge();
    const polling = createStallJudge();
    for (let t = 0; t <= 120_000; t += 5_000) {
      expect(judge.idleMs(t, { ...quiet, cpuMs: t * 0.01 })).toBe(0);
      expect(polling.idleMs(t, { ...quiet, cpuMs: t * 0.0015 })).toBe(t);
    }
  });
});

describe('watchIntervals', () => {
  it('looks rarely at long limits', () => {
    expect(watchIntervals({})).toEqual({ tickMs: 1_000, stallSampleMs: 5_000 });
    expect(watchIntervals({ residentBytes: 1e9 })).toEqual({ tickMs: 100, stallSampleMs: 5_000 });
    expect(watchIntervals({ wallMs: 3_600_000 }).tickMs).toBe(1_000);
  });
});

describe.skipIf(process.platform !== 'linux')('resident size', () => {
  it('ends a child that takes more than it may', async () => {
    const limits = { residentBytes: 200 * 1024 ** 2 };
    const result = await testProcesses().run({ ...childProgram('memory-hog', 1_500), limits });
    if (result.end.kind !== 'out-of-memory') throw new Error(JSON.stringify(result.end));
    const mebibytes = result.end.residentBytes / 1024 ** 2;
    expect(mebibytes).toBeGreaterThan(200);
    expect(result.peakResidentBytes).toBe(result.end.residentBytes);
  });

  it('tells the peak of one that stays below', async () => {
    const limits = { residentBytes: 600 * 1024 ** 2, stallMs: 2_000 };
    const result = await testProcesses().run({ ...childProgram('memory-hog', 100), limits });
    expect(result.end.kind).toBe('stalled');
    expect(result.peakResidentBytes ?? 0).toBeGreaterThan(100 * 1024 ** 2);
  });
});
