import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import {
  readLinuxRow,
  readLinuxTable,
  readProcessTable,
  withEnvironmentEntry,
  type ProcessRow,
} from './process-table.ts';
import { windowsProgram } from './windows-program.ts';

/** Windows has no signal that stops a process and lets it go on: there nothing is suspended, only held back. */
export const CAN_SUSPEND = process.platform !== 'win32';

/**
 * Elsewhere a child leads a session and group of its own: signals reach everybody in it, and a terminal's Ctrl-C does
 * not. On Windows `detached` takes a child out of the job object in which libuv keeps those of a process, and which the
 * kernel ends with it (src/win/process.c, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE); a console of its own it has by `windowsHide`.
 */
export const CHILD_IS_DETACHED = process.platform !== 'win32';

/** What tells a child and everything that came from it from the rest of the machine. */
export interface ProcessTreeId {
  /** Process id of the child, which leads its own group and session. */
  readonly leader: number;
  /** Environment entry ("NAME=value") that only this child and what it started carry. */
  readonly mark: string;
  /** When the leader started (clock ticks); nothing older can belong to it. 0: unknown. */
  readonly startedTicks: number;
}

export interface ProcessTree extends ProcessTreeId {
  /**
   * Process id → start of those seen alive last time. Somebody who cleared its environment and left the session is
   * found through its parent only, and the parent may be gone when it matters.
   */
  readonly seen: Map<number, number>;
}

export function processTreeOf(leader: number, mark: string): ProcessTree {
  const startedTicks = process.platform === 'linux' ? (readLinuxRow(leader)?.startedTicks ?? 0) : 0;
  return { leader, mark, startedTicks, seen: new Map() };
}

/** Those that group, session, parentage or having been seen before tie to the leader. */
export function members(tree: ProcessTree, rows: readonly ProcessRow[]): ProcessRow[] {
  const candidates = rows.filter((row) => row.startedTicks >= tree.startedTicks);
  const found = new Map<number, ProcessRow>();
  for (const row of candidates) {
    const isTied = row.pid === tree.leader || row.group === tree.leader || row.session === tree.leader;
    if (isTied || tree.seen.get(row.pid) === row.startedTicks) found.set(row.pid, row);
  }
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const row of candidates) if (found.has(row.parent)) found.set(row.pid, row);
  }
  return [...found.values()];
}

/** Everybody alive, including a grandchild that called setsid and lost its parent: it still carries the mark. */
export async function livingMembers(tree: ProcessTree): Promise<ProcessRow[]> {
  const rows = await readProcessTable();
  const known = members(tree, rows);
  const knownPids = new Set(known.map((row) => row.pid));
  const others = rows.filter((row) => row.startedTicks >= tree.startedTicks && !knownPids.has(row.pid));
  const living = [...known, ...(await withEnvironmentEntry(others, tree.mark))];
  remember(tree, living);
  return living;
}

/** Only where the start is known too: an id alone may soon belong to somebody else. */
function remember(tree: ProcessTree, living: readonly ProcessRow[]): void {
  tree.seen.clear();
  for (const row of living) if (row.startedTicks > 0) tree.seen.set(row.pid, row.startedTicks);
}

/** Signals the group and, on Linux, the members outside it. Never throws: those who are gone need no signal. */
export function signalTree(tree: ProcessTree, signal: NodeJS.Signals): void {
  // Before the first signal, because a dead parent no longer leads to its children.
  const rows = process.platform === 'linux' ? members(tree, readLinuxTable()) : [];
  for (const row of rows) tree.seen.set(row.pid, row.startedTicks);
  sendSignal(-tree.leader, signal);
  for (const row of rows) if (row.group !== tree.leader) sendSignal(row.pid, signal);
}

/**
 * KILL at once to a child, its group and everybody tied to it, by whoever knows its group alone. Not to the group alone:
 * with its leader gone nothing leads to those who left it with a cleared environment.
 */
export function killNow(leader: number): void {
  // No process of Windows has a group.
  if (process.platform === 'win32') return void endWindowsTree(leader);
  signalTree(processTreeOf(leader, ''), 'SIGKILL');
}

/** Looks often at first, because most obey at once, then less: a scan costs about 2 ms. */
const pollMs = (waitedMs: number): number => Math.min(100, 20 + waitedMs / 10);
/** After KILL: how long to wait for the kernel. A process in an uninterruptible wait (dead share) may outlast it. */
const KILL_WAIT_MS = 900;

/**
 * Ends everybody: CONT and TERM with `graceMs` to obey, or KILL at once when that is 0 or as soon as `hurry` is
 * aborted. Resolves with the process ids that outlived even KILL by 0.9 s, normally none.
 */
export async function endTree(tree: ProcessTree, graceMs: number, hurry: AbortSignal): Promise<readonly number[]> {
  if (process.platform === 'win32') return endWindowsTree(tree.leader);
  if (graceMs > 0 && !hurry.aborted) {
    // CONT as well: a stopped process does not hear TERM.
    signalTree(tree, 'SIGTERM');
    signalTree(tree, 'SIGCONT');
    if (await isGoneWithin(tree, graceMs, hurry)) return [];
  }
  signalTree(tree, 'SIGKILL');
  for (const start = performance.now(); ;) {
    const left = await livingMembers(tree);
    if (left.length === 0) return [];
    const waitedMs = performance.now() - start;
    if (waitedMs >= KILL_WAIT_MS) return left.map((row) => row.pid);
    for (const row of left) sendSignal(row.pid, 'SIGKILL');
    await delay(pollMs(waitedMs));
  }
}

/** The kernel needs a fraction of a millisecond; where process 1 of a container reaps nobody, a zombie stays for ever. */
const NAMESPACE_WAIT_MS = 10;

/**
 * Ends a child's namespace of process ids after the child itself has exited: whoever it left in there goes with its
 * process 1, which is the sandbox's own and stays in the child's group whatever the others do (pid_namespaces(7)). So
 * there is no need to read the table of all processes. False: somebody of the group is still to be seen.
 * @param first process 1 of the namespace as we see it, where it is known: as a zombie it has taken all others along,
 *   whoever waits for it and when
 */
export async function endNamespace(leader: number, first: number | undefined): Promise<boolean> {
  sendSignal(-leader, 'SIGKILL');
  const isGone = (): boolean => !isGroupAlive(leader) || (first !== undefined && readLinuxRow(first) === null);
  for (const start = performance.now(); !isGone();) {
    if (performance.now() - start >= NAMESPACE_WAIT_MS) return false;
    await delay(1);
  }
  return true;
}

async function isGoneWithin(tree: ProcessTree, ms: number, hurry: AbortSignal): Promise<boolean> {
  const start = performance.now();
  for (let waitedMs = 0; waitedMs < ms && !hurry.aborted; waitedMs = performance.now() - start) {
    await delay(Math.min(pollMs(waitedMs), ms - waitedMs), undefined, { signal: hurry }).catch(() => undefined);
    // The group answers in a microsecond; only when it is empty the whole table is worth reading.
    if (!isGroupAlive(tree.leader) && (await livingMembers(tree)).length === 0) return true;
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
  await new Promise<void>((resolve) => {
    const args = ['/PID', String(pid), '/T', '/F'];
    execFile(windowsProgram('taskkill.exe'), args, { timeout: 5_000, windowsHide: true }, () => resolve());
  });
  // Where taskkill is missing or did not do it: at least the child itself, by TerminateProcess.
  for (const start = performance.now(); ;) {
    if (!sendSignal(pid, 'SIGKILL')) return [];
    const waitedMs = performance.now() - start;
    if (waitedMs >= KILL_WAIT_MS) return [pid];
    await delay(pollMs(waitedMs));
  }
}
