import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import {
  readLinuxRow,
  readLinuxTable,
  readProcessTable,
  withEnvironmentEntry,
  type ProcessRow,
} from './process-table.ts';

/** Windows has no signal that stops a process and lets it go on: there nothing is suspended, only held back. */
export const CAN_SUSPEND = process.platform !== 'win32';

/** What tells a child and everything that came from it from the rest of the machine. */
export interface FamilyName {
  /** Process id of the child, which leads its own group and session. */
  readonly leader: number;
  /** Environment entry ("NAME=value") that only this child and what it started carry. */
  readonly mark: string;
  /** When the leader started (clock ticks); nothing older can belong to it. 0: unknown. */
  readonly startedTicks: number;
}

export interface Family extends FamilyName {
  /**
   * Process id → start of those seen alive last time. Somebody who cleared its environment and left the session is
   * found through its parent only, and the parent may be gone when it matters.
   */
  readonly seen: Map<number, number>;
}

export function familyOf(leader: number, mark: string): Family {
  const startedTicks = process.platform === 'linux' ? (readLinuxRow(leader)?.startedTicks ?? 0) : 0;
  return { leader, mark, startedTicks, seen: new Map() };
}

/** Those that group, session, parentage or having been seen before tie to the leader. */
export function relatives(family: Family, rows: readonly ProcessRow[]): ProcessRow[] {
  const candidates = rows.filter((row) => row.startedTicks >= family.startedTicks);
  const found = new Map<number, ProcessRow>();
  for (const row of candidates) {
    const isTied = row.pid === family.leader || row.group === family.leader || row.session === family.leader;
    if (isTied || family.seen.get(row.pid) === row.startedTicks) found.set(row.pid, row);
  }
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const row of candidates) if (found.has(row.parent)) found.set(row.pid, row);
  }
  return [...found.values()];
}

/** Everybody alive, including a grandchild that called setsid and lost its parent: it still carries the mark. */
export async function livingFamily(family: Family): Promise<ProcessRow[]> {
  const rows = await readProcessTable();
  const known = relatives(family, rows);
  const knownPids = new Set(known.map((row) => row.pid));
  const others = rows.filter((row) => row.startedTicks >= family.startedTicks && !knownPids.has(row.pid));
  const living = [...known, ...(await withEnvironmentEntry(others, family.mark))];
  remember(family, living);
  return living;
}

/** Only where the start is known too: an id alone may soon belong to somebody else. */
function remember(family: Family, living: readonly ProcessRow[]): void {
  family.seen.clear();
  for (const row of living) if (row.startedTicks > 0) family.seen.set(row.pid, row.startedTicks);
}

/** Signals the group and, on Linux, the relatives outside it. Never throws: those who are gone need no signal. */
export function signalFamily(family: Family, signal: NodeJS.Signals): void {
  // Before the first signal, because a dead parent no longer leads to its children.
  const rows = process.platform === 'linux' ? relatives(family, readLinuxTable()) : [];
  for (const row of rows) family.seen.set(row.pid, row.startedTicks);
  sendSignal(-family.leader, signal);
  for (const row of rows) if (row.group !== family.leader) sendSignal(row.pid, signal);
}

/**
 * KILL at once to a child, its group and everybody tied to it, by whoever knows its group alone. Not to the group alone:
 * with its leader gone nothing leads to those who left it with a cleared environment.
 */
export function killNow(leader: number): void {
  signalFamily(familyOf(leader, ''), 'SIGKILL');
}

/** Looks often at first, because most obey at once, then less: a scan costs about 2 ms. */
const pollMs = (waitedMs: number): number => Math.min(100, 20 + waitedMs / 10);
/** After KILL: how long to wait for the kernel. A process in an uninterruptible wait (dead share) may outlast it. */
const KILL_WAIT_MS = 900;

/**
 * Ends everybody: CONT and TERM with `graceMs` to obey, or KILL at once when that is 0 or as soon as `hurry` is
 * aborted. Resolves with the process ids that outlived even KILL by 0.9 s, normally none.
 */
export async function endFamily(family: Family, graceMs: number, hurry: AbortSignal): Promise<readonly number[]> {
  if (process.platform === 'win32') return endWindowsTree(family.leader);
  if (graceMs > 0 && !hurry.aborted) {
    // CONT as well: a stopped process does not hear TERM.
    signalFamily(family, 'SIGTERM');
    signalFamily(family, 'SIGCONT');
    if (await isGoneWithin(family, graceMs, hurry)) return [];
  }
  signalFamily(family, 'SIGKILL');
  for (const start = performance.now(); ;) {
    const left = await livingFamily(family);
    if (left.length === 0) return [];
    const waitedMs = performance.now() - start;
    if (waitedMs >= KILL_WAIT_MS) return left.map((row) => row.pid);
    for (const row of left) sendSignal(row.pid, 'SIGKILL');
    await delay(pollMs(waitedMs));
  }
}

async function isGoneWithin(family: Family, ms: number, hurry: AbortSignal): Promise<boolean> {
  const start = performance.now();
  for (let waitedMs = 0; waitedMs < ms && !hurry.aborted; waitedMs = performance.now() - start) {
    await delay(Math.min(pollMs(waitedMs), ms - waitedMs), undefined, { signal: hurry }).catch(() => undefined);
    // The group answers in a microsecond; only when it is empty the whole table is worth reading.
    if (!isGroupAlive(family.leader) && (await livingFamily(family)).length === 0) return true;
  }
  return false;
}

function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

/** True when somebody received it. `pid` < 0 means a group. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Windows has no TERM for console programs; taskkill follows the parent chain itself. */
async function endWindowsTree(pid: number): Promise<readonly number[]> {
  return new Promise((resolve) => {
    execFile('taskkill', ['/PID', String(pid), '/T', '/F'], { timeout: 5_000, windowsHide: true }, () => resolve([]));
  });
}
