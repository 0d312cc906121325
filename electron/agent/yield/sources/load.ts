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
  const looks = createLoadLooks(deps);
  let smooth: number | null = null;
  return {
    async sample() {
      const shares = await looks.next();
      // Without a process list (Windows) our own share cannot be taken off.
      if (shares?.ours === null) return null;
      if (shares !== null) {
        const others = Math.max(0, shares.all - shares.ours);
        smooth = smooth === null ? others : smooth + NEWEST * (others - smooth);
      }
      return smooth;
    },
  };
}

/** Shares of all cores (0..1) that were at work between two looks. */
interface LoadShares {
  readonly all: number;
  /** Of this agent and everything it started; null without a list of processes. */
  readonly ours: number | null;
}

export interface LoadLooks {
  /** Since the look before; null at the first one. */
  next(): Promise<LoadShares | null>;
}

export function createLoadLooks(deps: LoadDeps = SYSTEM): LoadLooks {
  let before: Look | null = null;
  return {
    async next() {
      const now = look(deps, await deps.processes());
      const shares = before === null ? null : sharesBetween(before, now);
      before = now;
      return shares;
    },
  };
}

interface Look {
  readonly cpu: CpuTimes;
  readonly ourCpuMs: number;
  /** CPU time of each of our descendants. */
  readonly descendants: ReadonlyMap<number, number>;
  /** Of ourselves and all of them, with children that ended and were waited for; null without a list of processes. */
  readonly treeMs: number | null;
}

function look({ cpuTimes, ourPid, ourCpuMs }: LoadDeps, rows: readonly ProcessRow[]): Look {
  const ours = new Set([ourPid]);
  for (let before = 0; before !== ours.size;) {
    before = ours.size;
    for (const row of rows) if (ours.has(row.parent)) ours.add(row.pid);
  }
  const tree = rows.filter(({ pid }) => ours.has(pid));
  const descendants = new Map(tree.filter(({ pid }) => pid !== ourPid).map(({ pid, cpuMs }) => [pid, cpuMs]));
  const treeMs = rows.length === 0 ? null : tree.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  return { cpu: cpuTimes(), ourCpuMs: ourCpuMs(), descendants, treeMs };
}

function sharesBetween(before: Look, now: Look): LoadShares | null {
  const total = now.cpu.totalMs - before.cpu.totalMs;
  if (total <= 0) return null;
  const share = (ms: number): number => Math.min(1, Math.max(0, ms / total));
  const all = share(now.cpu.busyMs - before.cpu.busyMs);
  if (before.treeMs === null || now.treeMs === null) return { all, ours: null };
  let living = now.ourCpuMs - before.ourCpuMs;
  for (const [pid, cpuMs] of now.descendants) living += Math.max(0, cpuMs - (before.descendants.get(pid) ?? 0));
  // A child that ended meanwhile stands in nobody's row but in its parent's sum, where the system keeps one.
  return { all, ours: Math.min(all, share(Math.max(living, now.treeMs - before.treeMs))) };
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
