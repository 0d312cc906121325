import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  ioBytesOf,
  parsePsEnvironments,
  parsePsTable,
  parseStat,
  PS_ENVIRONMENT_ARGS,
  PS_TABLE_ARGS,
  readProcessTable,
  residentBytesOf,
} from '../../electron/work/process/process-table.ts';
import { members } from '../../electron/work/process/kill-tree.ts';

const onLinux = process.platform === 'linux';
const ps = existsSync('/bin/ps');

describe('parseStat', () => {
  const rest = '1 100 100 0 -1 4194560 10 20 0 0 12 3 4 1 30 10 4 0 987654 1000 50';

  it('counts fields after the name, whatever that holds', () => {
    const expected = { pid: 42, parent: 1, group: 100, session: 100, state: 'S', cpuMs: 200, startedTicks: 987_654 };
    expect(parseStat(`42 (ffmpeg) S ${rest}`)).toEqual(expected);
    expect(parseStat(`42 (a) R 9 (b) S ${rest}`)).toEqual(expected);
  });

  it('leaves zombies out', () => {
    expect(parseStat(`42 (ffmpeg) Z ${rest}`)).toBeNull();
    expect(parseStat('')).toBeNull();
  });
});

describe.skipIf(!onLinux)('readProcessTable', () => {
  it('knows this process and its parent', async () => {
    const rows = await readProcessTable();
    const own = rows.find((row) => row.pid === process.pid);
    expect(own).toMatchObject({ parent: process.ppid });
    expect(own?.cpuMs).toBeGreaterThan(0);
    expect(residentBytesOf(process.pid)).toBeGreaterThan(10_000_000);
    expect(ioBytesOf(process.pid)).toBeGreaterThan(0);
    expect(residentBytesOf(2 ** 22 + 1)).toBe(0);
  });
});

describe.skipIf(!ps)('what ps says (the way of macOS)', () => {
  it('gives the same relations as /proc', () => {
    const rows = parsePsTable(execFileSync('/bin/ps', PS_TABLE_ARGS, { encoding: 'utf8' }));
    expect(rows.find((row) => row.pid === process.pid)).toMatchObject({ parent: process.ppid });
  });

  it('reads the CPU times of both systems', () => {
    const rows = parsePsTable('  7  1  7 Ss  0:01.50\n 8 7 7 R+ 01:02:03\n 9 7 7 Z 0:00\n 10 1 10 S 2-00:00:01\n');
    expect(rows.map((row) => [row.pid, row.state, row.cpuMs])).toEqual([
      [7, 'S', 1_500],
      [8, 'R', 3_723_000],
      [10, 'S', 172_801_000],
    ]);
  });

  it('finds an environment entry', () => {
    const child = `RC_TEST_MARK=${String(process.pid)}`;
    const text = execFileSync('/bin/sh', ['-c', `/bin/ps ${PS_ENVIRONMENT_ARGS.join(' ')}; :`], {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', RC_TEST_MARK: String(process.pid) },
    });
    expect(parsePsEnvironments(text, child).size).toBeGreaterThanOrEqual(1);
    expect(parsePsEnvironments(text, 'RC_TEST_MARK=other').size).toBe(0);
  });
});

describe('members', () => {
  const row = (pid: number, parent: number, group: number, session = group, startedTicks = 50) => ({
    pid,
    parent,
    group,
    session,
    startedTicks,
    state: 'S',
    cpuMs: 0,
  });
  const pids = (rows: ReturnType<typeof row>[]): number[] =>
    members({ leader: 10, mark: 'X=1', startedTicks: 50, seen: new Map([[40, 60]]) }, rows)
      .map((found) => found.pid)
      .sort((a, b) => a - b);

  it('follows group, session and parents, across generations', () => {
    const rows = [row(13, 12, 13), row(12, 11, 12), row(11, 10, 10), row(10, 1, 10), row(20, 1, 20)];
    expect(pids(rows)).toEqual([10, 11, 12, 13]);
    expect(pids([row(14, 1, 14, 10), row(15, 1, 10, 99)])).toEqual([14, 15]);
  });

  it('remembers who was seen, unless the id is somebody else’s by now', () => {
    expect(pids([row(40, 1, 40, 40, 60), row(41, 40, 41)])).toEqual([40, 41]);
    expect(pids([row(40, 1, 40, 40, 61)])).toEqual([]);
  });

  it('never counts somebody who is older than the leader', () => {
    expect(pids([row(10, 1, 10, 10, 50), row(30, 10, 10, 10, 49)])).toEqual([10]);
  });
});
