import { readFileSync } from 'node:fs';
import { readLinuxTable, type ProcessRow } from '../../electron/work/process/process-table.ts';

/** Everybody who descends from `pid`, without it: the whole child tree of an agent. */
export function descendantsOf(pid: number): readonly ProcessRow[] {
  const rows = readLinuxTable();
  const found = new Set([pid]);
  for (let before = 0; before !== found.size;) {
    before = found.size;
    for (const row of rows) if (found.has(row.parent)) found.add(row.pid);
  }
  return rows.filter((row) => row.pid !== pid && found.has(row.pid) && !isGuard(row.pid));
}

/** The shell that waits for the agent's end (group-guard.ts) is no work: it lives as long as the agent, asleep. */
function isGuard(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('for group in $groups; do kill');
  } catch {
    return false;
  }
}

/** CPU time of the tree so far, in ms; only grows while nobody of it ends. */
export function cpuMsOf(pid: number): number {
  return descendantsOf(pid).reduce((sum, row) => sum + row.cpuMs, 0);
}
