import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { ProgramOutput } from './program-output.ts';
import { readLinuxRow, readLinuxTable, type ProcessRow } from './process-table.ts';
import { windowsProgram } from './windows-program.ts';

/** A living process under every name it goes by. */
export interface NamedProcess {
  readonly pid: number;
  /** Its program file; on Linux also the name it gave itself, which the kernel cuts to 15 characters. */
  readonly names: readonly string[];
}

/** The names of other people's programs; what descends from this process is left out. */
export interface ProgramNames {
  /** Everybody. On Linux about 30 µs per process, elsewhere one run of `ps` or `tasklist`. */
  all(): Promise<readonly NamedProcess[]>;
  /**
   * Who began since the last look, and who began shortly before that (a program is born under the name of whoever
   * starts it). One small file is read when nobody did. Empty where the system does not tell.
   */
  recent(): readonly NamedProcess[];
}

/** Whoever is younger than this may still become another program. */
const YOUNG_TICKS = 1_000;
/** More new processes than this between two looks: reading everybody is cheaper, and is done every 2 s anyway. */
const MANY = 500;

export function linuxProgramNames(proc = '/proc'): ProgramNames {
  const files = new Map<number, { readonly startedTicks: number; readonly file: string | null }>();
  const young = new Set<number>();
  let lastPid = newestPid(proc);

  const named = (row: ProcessRow): NamedProcess => {
    const known = files.get(row.pid);
    // A program file is read once per process, and again while the process is young.
    if (known === undefined || known.startedTicks !== row.startedTicks || young.has(row.pid)) {
      files.set(row.pid, { startedTicks: row.startedTicks, file: programFile(proc, row.pid) });
    }
    const file = files.get(row.pid)?.file ?? null;
    const own = ownName(proc, row.pid);
    return { pid: row.pid, names: [own, file].filter((name) => name !== null) };
  };
  return {
    async all() {
      const rows = readLinuxTable();
      const living = new Set(rows.map(({ pid }) => pid));
      for (const pid of files.keys()) if (!living.has(pid)) files.delete(pid);
      return withoutDescendants(rows, process.pid).map(named);
    },
    recent() {
      const newest = newestPid(proc);
      const began = Math.max(0, newest - lastPid);
      if (began <= MANY) for (let n = 1; n <= began; n += 1) young.add(lastPid + n);
      lastPid = newest;
      const nowTicks = uptimeTicks(proc);
      const found: NamedProcess[] = [];
      for (const pid of young) {
        const row = readLinuxRow(pid);
        if (row === null || nowTicks - row.startedTicks > YOUNG_TICKS) young.delete(pid);
        if (row !== null && !descendsFromUs(row)) found.push(named(row));
      }
      return found;
    },
  };
}

/** The last field of /proc/loadavg: the process id that was given out last (man 5 proc). */
function newestPid(proc: string): number {
  return Number(readOrEmpty(`${proc}/loadavg`).trim().split(' ').at(-1) ?? 0);
}

function uptimeTicks(proc: string): number {
  return Number.parseFloat(readOrEmpty(`${proc}/uptime`)) * 100;
}

function ownName(proc: string, pid: number): string | null {
  const name = readOrEmpty(`${proc}/${String(pid)}/comm`).trimEnd();
  return name === '' ? null : name;
}

/** Null for kernel threads and for other users' processes. */
function programFile(proc: string, pid: number): string | null {
  try {
    return basename(readlinkSync(`${proc}/${String(pid)}/exe`)).replace(/ \(deleted\)$/, '');
  } catch {
    return null;
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function withoutDescendants<T extends Pick<ProcessRow, 'pid' | 'parent'>>(
  rows: readonly T[],
  ourPid: number,
): readonly T[] {
  const ours = new Set([ourPid]);
  for (let before = 0; before !== ours.size;) {
    before = ours.size;
    for (const row of rows) if (ours.has(row.parent)) ours.add(row.pid);
  }
  return rows.filter((row) => !ours.has(row.pid));
}

function descendsFromUs(row: ProcessRow): boolean {
  for (let at: ProcessRow | null = row; at !== null; at = at.parent > 1 ? readLinuxRow(at.parent) : null) {
    if (at.pid === process.pid || at.parent === process.pid) return true;
  }
  return false;
}

/** macOS: `ps` prints the whole path of the program file. */
export function macProgramNames(ask: ProgramOutput): ProgramNames {
  return {
    all: async () => parsePsNames((await ask('/bin/ps', ['-A', '-o', 'pid=,ppid=,comm='])) ?? '', process.pid),
    recent: () => [],
  };
}

export function parsePsNames(text: string, ourPid: number): readonly NamedProcess[] {
  const found = [...text.matchAll(/^\s*(\d+)\s+(\d+)\s+(.+)$/gm)].map(([, pid, parent, path = '']) => ({
    pid: Number(pid),
    parent: Number(parent),
    names: [basename(path.trim())],
  }));
  return withoutDescendants(found, ourPid).map(({ pid, names }) => ({ pid, names }));
}

/** Windows: parents are not told, so a watched name must not be that of a tool the agent itself runs. */
export function windowsProgramNames(ask: ProgramOutput): ProgramNames {
  return {
    all: async () => parseTasklist((await ask(windowsProgram('tasklist.exe'), ['/fo', 'csv', '/nh'])) ?? ''),
    recent: () => [],
  };
}

export function parseTasklist(text: string): readonly NamedProcess[] {
  return [...text.matchAll(/^"([^"]*)","(\d+)"/gm)].map(([, name = '', pid]) => ({ pid: Number(pid), names: [name] }));
}
