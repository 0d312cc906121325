import { cpus } from 'node:os';
import { readProcessTable, type ProcessRow } from '../../../work/process/process-table.ts';

export interface LoadMeter {
  /** Share of all cores (0..1) that others used lately; null until there are two looks, or where it cannot be told. */
  sample(): Promise<number | null>;
}

interface CpuTimes {
  /** ms since boot, over all cores. */
  readonly busyMs: number;
  readonly totalMs: number;
}

interface LoadDeps {
  readonly cpuTimes: () => CpuTimes;
  readonly processes: () => Promise<readonly ProcessRow[]>;
  readonly ourPid: number;
  readonly ourCpuMs: () => number;
}

/** Weight of the newest look: with one look every 2 s the last six seconds decide. */
const NEWEST = 0.4;

const SYSTEM: LoadDeps = {
  cpuTimes: systemCpuTimes,
  processes: readProcessTable,
  ourPid: process.pid,
  ourCpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

export function createLoadMeter(deps: LoadDeps = SYSTEM): LoadMeter {
  let before: Look | null = null;
  let smooth: number | null = null;
  return {
    async sample() {
      const rows = await deps.processes();
      // Without a process list (Windows) our own share cannot be taken off.
      if (rows.length === 0) return null;
      const now = look(deps, rows);
      const share = before === null ? null : shareOfOthers(before, now);
      before = now;
      if (share !== null) smooth = smooth === null ? share : smooth + NEWEST * (share - smooth);
      return smooth;
    },
  };
}

interface Look {
  readonly cpu: CpuTimes;
  readonly ourCpuMs: number;
  /** CPU time of each of our descendants. */
  readonly descendants: ReadonlyMap<number, number>;
}

function look({ cpuTimes, ourPid, ourCpuMs }: LoadDeps, rows: readonly ProcessRow[]): Look {
  const ours = new Set([ourPid]);
  for (let before = 0; before !== ours.size;) {
    before = ours.size;
    for (const row of rows) if (ours.has(row.parent)) ours.add(row.pid);
  }
  ours.delete(ourPid);
  const descendants = new Map(rows.filter(({ pid }) => ours.has(pid)).map(({ pid, cpuMs }) => [pid, cpuMs]));
  return { cpu: cpuTimes(), ourCpuMs: ourCpuMs(), descendants };
}

function shareOfOthers(before: Look, now: Look): number | null {
  const total = now.cpu.totalMs - before.cpu.totalMs;
  if (total <= 0) return null;
  let ours = now.ourCpuMs - before.ourCpuMs;
  for (const [pid, cpuMs] of now.descendants) ours += Math.max(0, cpuMs - (before.descendants.get(pid) ?? 0));
  const busy = now.cpu.busyMs - before.cpu.busyMs;
  return Math.min(1, Math.max(0, (busy - ours) / total));
}

function systemCpuTimes(): CpuTimes {
  let busyMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    const busy = times.user + times.nice + times.sys + times.irq;
    busyMs += busy;
    totalMs += busy + times.idle;
  }
  return { busyMs, totalMs };
}
