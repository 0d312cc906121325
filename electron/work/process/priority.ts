import { readFileSync, writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Beside somebody who wants the whole core a child gets 3.4 % of it (weights 36 to 1024, kernel sched_prio_to_weight):
 * an editor's machine is to keep at least 90 % of its speed, which nice 10 with 9.7 % only just does. Lower still, a
 * job beside a long render would stand still for hours. What the editor leaves over is all for the children.
 */
const WORK_NICE = 15;
const LOWEST_NICE = 19;

/** RUSHCATALOG_NICE, 0 to 19, where somebody knows their machine better (or measures on a busy one). */
export function workNice(env: Readonly<Record<string, string | undefined>>): number {
  const chosen = env['RUSHCATALOG_NICE'] ?? '';
  return /^(1?\d)$/.test(chosen) ? Number(chosen) : WORK_NICE;
}

/** An unprivileged process may set this ten times a second (kernel/sched/autogroup.c), all its sessions together. */
const TRIES = 20;
const RETRY_MS = 110;

/**
 * Lowers a child that leads a session of its own. Linux desktops share the processor between sessions first
 * (sched_autogroup_enabled), so that nice alone only counts among the child's own threads: its session is lowered as
 * well. `wrapped`: nice was already set by a wrapper. Never throws: priority is a courtesy.
 */
export function lowerChild(pid: number, nice: number, wrapped: boolean, isLiving: () => boolean): void {
  if (nice <= 0) return;
  if (!wrapped) {
    try {
      // On top of ours, as nice(1) has it.
      setPriority(pid, Math.min(LOWEST_NICE, getPriority() + nice));
    } catch {
      // gone already, or not ours to change
    }
  }
  if (process.platform === 'linux') void lowerSession(pid, nice, isLiving);
}

async function lowerSession(pid: number, nice: number, isLiving: () => boolean): Promise<void> {
  for (let tries = 0; tries < TRIES && isLiving(); tries += 1) {
    try {
      writeFileSync(`/proc/${String(pid)}/autogroup`, String(nice));
      return;
    } catch (error) {
      // Anything but "too often" stays as it is: a kernel without autogroups, or a child that is gone.
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EAGAIN') return;
      await delay(RETRY_MS, undefined, { ref: false });
    }
  }
}

/** The last `count` of the cores this process may use, as `taskset -c` takes them; null: all of them anyway. */
export function coreList(count: number | undefined, allowed: readonly number[] = allowedCores()): string | null {
  if (count === undefined || count >= allowed.length) return null;
  return allowed.slice(-count).join(',');
}

/** `Cpus_allowed_list: 0-3,8` of /proc/self/status. */
function allowedCores(status: string = readStatus()): readonly number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number);
    if (first === undefined || last === undefined || part === '') return [];
    return Array.from({ length: last - first + 1 }, (_, n) => first + n);
  });
}

function readStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}
