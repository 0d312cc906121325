import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { programOutput } from '../../electron/work/process/program-output.ts';
import { linuxProgramNames, parsePsNames, parseTasklist } from '../../electron/work/process/program-names.ts';
import type { ProcessRow } from '../../electron/work/process/process-table.ts';
import {
  createIdleTime,
  idleQuestions,
  parseBusMs,
  parseIoreg,
  parseLogind,
} from '../../electron/agent/yield/sources/idle-time.ts';
import { createLoadHistory } from '../../electron/agent/yield/load-history.ts';
import { createLoadLooks, createLoadMeter } from '../../electron/agent/yield/sources/load.ts';
import { linuxMemory, parseVmStat } from '../../electron/agent/yield/sources/memory.ts';
import { linuxPower, parseBatteryStatus, parsePmset } from '../../electron/agent/yield/sources/power.ts';
import { eventually } from '../support/children/alive.ts';

const folder = mkdtempSync(join(tmpdir(), 'rc-sources-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const onLinux = process.platform === 'linux';

describe('idle time', () => {
  it.skipIf(!onLinux)('is what a real program prints, and null where there is none', async () => {
    const program = join(folder, 'xprintidle');
    writeFileSync(program, '#!/bin/sh\necho 4321\n');
    chmodSync(program, 0o755);
    const [first] = idleQuestions('linux');
    expect(first?.program).toBe('xprintidle');
    if (first === undefined) return;
    expect(await createIdleTime(programOutput, [{ ...first, program }]).read()).toBe(4_321);
    expect(await createIdleTime(programOutput, [{ ...first, program: join(folder, 'none') }]).read()).toBeNull();
  });

  it('asks the next source when one falls silent, and all of them again after a minute', async () => {
    let monotonic = 0;
    let now = 0;
    const asked: string[] = [];
    const answers = new Map<string, string>([['b', '7']]);
    const question = (program: string) => ({ program, args: [], parse: Number });
    const ask = async (name: string): Promise<string | null> => (asked.push(name), answers.get(name) ?? null);
    const idle = createIdleTime(ask, ['a', 'b'].map(question), { now: () => now, monotonic: () => monotonic });
    expect([await idle.read(), await idle.read()]).toEqual([7, 7]);
    expect(asked.splice(0)).toEqual(['a', 'b', 'b']);
    answers.clear();
    expect([await idle.read(), await idle.read()]).toEqual([null, null]);
    expect(asked.splice(0)).toEqual(['b', 'a', 'b']);
    // Somebody set the wall clock back meanwhile.
    now = -3_600_000;
    monotonic = 60_000;
    answers.set('a', '9');
    expect(await idle.read()).toBe(9);
  });

  it('reads what the systems print', () => {
    expect(parseBusMs('{"type":"t","data":[12345]}')).toBe(12_345);
    const now = 1_700_000_100_000;
    expect(parseLogind('{"type":"b","data":false}\n{"type":"t","data":0}\n', now)).toBe(0);
    expect(parseLogind('{"type":"b","data":true}\n{"type":"t","data":1700000000000000}\n', now)).toBe(100_000);
    expect(parseLogind('{"type":"b","data":true}\n{"type":"t","data":0}\n', now)).toBeGreaterThan(1e12);
    expect(parseLogind('Failed to connect', now)).toBeNull();
    expect(parseIoreg('    | |   "HIDIdleTime" = 2500000000\n')).toBe(2_500);
  });
});

describe('battery', () => {
  const supply = (name: string, files: Readonly<Record<string, string>>): void => {
    mkdirSync(join(folder, 'supplies', name), { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, 'supplies', name, file), `${text}\n`);
  };
  it('is what the kernel tells', async () => {
    const power = linuxPower(join(folder, 'supplies'));
    expect(await power.onBattery()).toBe(false);
    supply('hidpp_battery_0', { type: 'Battery', scope: 'Device', status: 'Discharging' });
    supply('AC', { type: 'Mains', online: '1' });
    supply('BAT0', { type: 'Battery', status: 'Discharging' });
    expect(await power.onBattery()).toBe(false);
    supply('AC', { type: 'Mains', online: '0' });
    expect(await power.onBattery()).toBe(true);
    supply('BAT0', { type: 'Battery', status: 'Charging' });
    expect(await power.onBattery()).toBe(false);
  });

  it('is read from what macOS and Windows print', () => {
    expect(parsePmset("Now drawing from 'Battery Power'\n -InternalBattery-0\t93%; discharging;")).toBe(true);
    expect(parsePmset("Now drawing from 'AC Power'\n")).toBe(false);
    expect(['1', '1\r\n4', '2', '', '1\n2'].map(parseBatteryStatus)).toEqual([true, true, false, false, false]);
  });
});

describe('memory', () => {
  it.skipIf(!onLinux)('is what this machine has left', async () => {
    const real = await linuxMemory().freeMb();
    expect(real).toBeGreaterThan(50);
    const file = join(folder, 'meminfo');
    writeFileSync(file, 'MemTotal:       32000000 kB\nMemFree:  9 kB\nMemAvailable:     500000 kB\n');
    expect(await linuxMemory(file).freeMb()).toBe(512);
    expect(await linuxMemory(join(folder, 'none')).freeMb()).toBeNull();
  });

  it('is read from vm_stat', () => {
    const text = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10000.
Pages active:                            400000.
Pages inactive:                           20000.
Pages speculative:                         1000.
Pages purgeable:                            500.
`;
    expect(parseVmStat(text)).toBeCloseTo((31_500 * 16_384) / 1e6);
    expect(parseVmStat('')).toBeNull();
  });
});

describe('load by others', () => {
  it('is what all cores did, less ourselves and everybody who comes from us', async () => {
    const row = (pid: number, parent: number, cpuMs: number): ProcessRow => ({
      pid,
      parent,
      group: pid,
      session: pid,
      state: 'R',
      cpuMs,
      startedTicks: 1,
    });
    const looks = [
      { cpu: { busyMs: 0, totalMs: 0 }, rows: [row(10, 1, 0), row(11, 10, 0), row(12, 11, 0), row(99, 1, 0)], own: 0 },
      // 4 cores for 2 s: 6 s of work, of which 3.5 s are ours.
      {
        cpu: { busyMs: 6_000, totalMs: 8_000 },
        rows: [row(10, 1, 500), row(11, 10, 1_000), row(12, 11, 2_000)],
        own: 500,
      },
    ];
    let at = 0;
    const look = () => looks[Math.min(at, 1)] ?? { cpu: { busyMs: 0, totalMs: 0 }, rows: [], own: 0 };
    const meter = createLoadMeter({
      cpuTimes: () => look().cpu,
      processes: async () => look().rows,
      ourPid: 10,
      ourCpuMs: () => look().own,
    });
    expect(await meter.sample()).toBeNull();
    at = 1;
    expect(await meter.sample()).toBeCloseTo(2_500 / 8_000);
  });

  it('counts a child that ended between two looks as ours, where its parent keeps its sum', async () => {
    const row = (pid: number, parent: number, cpuMs: number): ProcessRow => ({
      ...{ pid, parent, group: pid, session: pid, state: 'R', startedTicks: 1 },
      cpuMs,
    });
    let cpu = { busyMs: 0, totalMs: 0 };
    let rows = [row(10, 1, 0), row(11, 10, 100)];
    const looks = createLoadLooks({ cpuTimes: () => cpu, processes: async () => rows, ourPid: 10, ourCpuMs: () => 0 });
    expect(await looks.next()).toBeNull();
    cpu = { busyMs: 6_000, totalMs: 10_000 };
    rows = [row(10, 1, 4_100)];
    expect(await looks.next()).toEqual({ all: 0.6, ours: 0.4 });
    rows = [];
    cpu = { busyMs: 9_000, totalMs: 20_000 };
    expect(await looks.next()).toEqual({ all: 0.3, ours: null });
  });

  it('is kept for an hour and no longer', async () => {
    let now = 0;
    let look = (): void => undefined;
    const history = createLoadHistory({
      looks: { next: async () => (now === 0 ? null : { all: 0.5, ours: 0.25 }) },
      now: () => now,
      every: (_ms, again) => {
        look = again;
      },
    });
    history.start(new AbortController().signal);
    for (now = 30_000; now <= 2 * 3_600_000; now += 30_000) {
      look();
      await Promise.resolve();
      await Promise.resolve();
    }
    expect(history.samples()).toHaveLength(120);
    expect(history.samples()[0]).toEqual({ at: 3_630_000, all: 0.5, ours: 0.25 });
    expect(history.samples().at(-1)?.at).toBe(2 * 3_600_000);
  });

  it.skipIf(!onLinux)('is a share on a real machine', async () => {
    const meter = createLoadMeter();
    expect(await meter.sample()).toBeNull();
    let share: number | null = null;
    while (share === null) share = await meter.sample();
    expect(share).toBeGreaterThanOrEqual(0);
    expect(share).toBeLessThanOrEqual(1);
  });
});

describe('programs', () => {
  it.skipIf(!onLinux)('that begin are seen at once, and what descends from us is left out', async () => {
    const program = join(folder, 'RushTestPlayer');
    copyFileSync('/bin/sleep', program);
    const names = linuxProgramNames();
    const script = 'setsid "$1" 60 >/dev/null 2>&1 & echo $!';
    const shell = spawn('/bin/sh', ['-c', script, 'sh', program], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ours = spawn(program, ['60'], { stdio: 'ignore' });
    const [text] = (await shell.stdout.toArray()) as Buffer[];
    const pid = Number(String(text));
    try {
      const seen = await eventually(() =>
        names.recent().find((entry) => entry.pid === pid && entry.names.includes('RushTestPlayer')),
      );
      expect(seen.names).toContain('RushTestPlayer');
      const all = await names.all();
      expect(all.map((entry) => entry.pid)).toContain(pid);
      expect(all.map((entry) => entry.pid)).not.toContain(ours.pid);
      expect(names.recent().map((entry) => entry.pid)).not.toContain(ours.pid);
    } finally {
      process.kill(pid, 'SIGKILL');
      ours.kill('SIGKILL');
    }
  });

  it('are read from what ps and tasklist print', () => {
    const ps =
      '  501     1 /Applications/Adobe Premiere Pro 2025/Contents/MacOS/Adobe Premiere Pro 2025\n  502   501 /usr/bin/ffmpeg\n';
    expect(parsePsNames(ps, 501)).toEqual([]);
    expect(parsePsNames(ps, 9)).toEqual([
      { pid: 501, names: ['Adobe Premiere Pro 2025'] },
      { pid: 502, names: ['ffmpeg'] },
    ]);
    expect(
      parseTasklist('"System Idle Process","0","Services","0","8 K"\r\n"AfterFX.exe","4711","Console","1","9 K"\r\n'),
    ).toEqual([
      { pid: 0, names: ['System Idle Process'] },
      { pid: 4_711, names: ['AfterFX.exe'] },
    ]);
  });
});
