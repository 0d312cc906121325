import { setTimeout as delay } from 'node:timers/promises';
import { entry, OWNER_ENTRY } from './environment.ts';
import { sendSignal } from './kill-tree.ts';
import { readProcessTable, withEnvironmentEntry, type ProcessRow } from './process-table.ts';

interface Sweep {
  /** Processes that were killed. */
  readonly ended: readonly number[];
  /** Of these, still there after 2 s: stuck in the kernel, usually on a dead share. */
  readonly left: readonly number[];
}

const STEP_MS = 25;
const WAIT_MS = 2_000;

/**
 * At the agent's start: kills what an earlier life of the same installation left behind, known by RUSHCATALOG_OWNER
 * in its environment (Linux: /proc, macOS: ps). Our own descendants and those we descend from are left alone.
 * Does nothing on Windows, where environments of others cannot be read: there the supervisor alone sees to this.
 */
export async function sweepStrayChildren(owner: string): Promise<Sweep> {
  const ended = new Set<number>();
  for (let waitedMs = 0; ; waitedMs += STEP_MS) {
    const strays = await findStrays(owner);
    if (strays.length === 0) return { ended: [...ended], left: [] };
    if (waitedMs >= WAIT_MS) return { ended: [...ended], left: strays };
    for (const pid of strays) {
      ended.add(pid);
      sendSignal(pid, 'SIGKILL');
    }
    await delay(STEP_MS);
  }
}

async function findStrays(owner: string): Promise<readonly number[]> {
  const rows = await readProcessTable();
  const parentOf = new Map(rows.map((row) => [row.pid, row.parent]));
  const ancestors = ancestorsOf(process.pid, parentOf);
  const candidates = rows.filter((row: ProcessRow) => {
    if (row.pid === process.pid || ancestors.has(row.pid)) return false;
    return !ancestorsOf(row.pid, parentOf).has(process.pid);
  });
  return (await withEnvironmentEntry(candidates, entry(OWNER_ENTRY, owner))).map((row) => row.pid);
}

function ancestorsOf(pid: number, parentOf: ReadonlyMap<number, number>): ReadonlySet<number> {
  const found = new Set<number>();
  for (let at = parentOf.get(pid); at !== undefined && at > 0 && !found.has(at); at = parentOf.get(at)) found.add(at);
  return found;
}
