import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** One living process of this machine (zombies are left out). */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** R running or wanting to, S asleep, D waiting for a disk or share, T stopped. */
  readonly state: string;
  /** CPU time used so far, reaped children included, in ms. */
  readonly cpuMs: number;
  /** Orders processes by age, in clock ticks since boot; 0 where the platform does not say. */
  readonly startedTicks: number;
}

/** USER_HZ: what /proc counts in. 100 on every Linux architecture Node runs on. */
const TICK_MS = 10;
const PS_TIMEOUT_MS = 5_000;

const execFileAsync = promisify(execFile);

/**
 * All processes. On Linux read synchronously from /proc/PID/stat, which never waits for the process (unlike cmdline
 * and environ, which take its memory lock): about 15 µs each. Elsewhere from `ps`. Windows: empty.
 */
export async function readProcessTable(): Promise<readonly ProcessRow[]> {
  if (process.platform === 'linux') return readLinuxTable();
  if (process.platform === 'win32') return [];
  return parsePsTable(await runPs(PS_TABLE_ARGS));
}

export function readLinuxTable(): readonly ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const name of readdirSync('/proc')) {
    const row = isPid(name) ? readLinuxRow(Number(name)) : null;
    if (row !== null) rows.push(row);
  }
  return rows;
}

export function readLinuxRow(pid: number): ProcessRow | null {
  try {
    return parseStat(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  } catch {
    return null; // gone in the meantime
  }
}

/** The one child that a process of one thread has; undefined where there are several, none, or the kernel does not list them. */
export function onlyChildOf(pid: number): number | undefined {
  try {
    const [child, ...others] = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
      .trim()
      .split(' ');
    return child === undefined || child === '' || others.length > 0 ? undefined : Number(child);
  } catch {
    return undefined;
  }
}

/** A line of /proc/PID/stat (man 5 proc). The name in parentheses may hold anything, so fields are counted after it. */
export function parseStat(text: string): ProcessRow | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0] ?? '';
  if (state === '' || state === 'Z' || state === 'X') return null;
  const at = (field: number): number => Number(fields[field - 3]);
  return {
    pid: Number.parseInt(text, 10),
    parent: at(4),
    group: at(5),
    session: at(6),
    state,
    cpuMs: (at(14) + at(15) + at(16) + at(17)) * TICK_MS,
    startedTicks: at(22),
  };
}

export const PS_TABLE_ARGS = ['-A', '-o', 'pid=,ppid=,pgid=,stat=,time='] as const;

/** `ps` says nothing usable about sessions (macOS prints a pointer): the group stands in for it. */
export function parsePsTable(text: string): readonly ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const line of text.split('\n')) {
    const [pid, parent, group, stat, time] = line.trim().split(/\s+/);
    if (stat === undefined || time === undefined || stat.startsWith('Z')) continue;
    rows.push({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: Number(group),
      state: stat.slice(0, 1),
      cpuMs: parsePsTime(time),
      startedTicks: 0,
    });
  }
  return rows;
}

/** `[[DD-]HH:]MM:SS[.ss]` to ms. */
function parsePsTime(text: string): number {
  const [days, clock] = text.includes('-') ? text.split('-') : ['0', text];
  const seconds = (clock ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1_000);
}

/**
 * Of `rows`, those whose environment holds `entry` ("NAME=value"). Environments of other users cannot be read and
 * count as not marked.
 */
export async function withEnvironmentEntry(rows: readonly ProcessRow[], entry: string): Promise<ProcessRow[]> {
  if (rows.length === 0 || process.platform === 'win32') return [];
  if (process.platform !== 'linux') {
    const marked = parsePsEnvironments(await runPs(PS_ENVIRONMENT_ARGS), entry);
    return rows.filter((row) => marked.has(row.pid));
  }
  const environments = await Promise.all(
    rows.map((row) => readFile(`/proc/${String(row.pid)}/environ`, 'utf8').catch(() => '')),
  );
  return rows.filter((_, i) => environments[i]?.split('\0').includes(entry));
}

export const PS_ENVIRONMENT_ARGS = ['axeww', '-o', 'pid=,command='] as const;

/** `ps e` prints the environment behind the arguments, separated by spaces; our markers hold none. */
export function parsePsEnvironments(text: string, entry: string): ReadonlySet<number> {
  const marked = new Set<number>();
  for (const line of text.split('\n')) {
    const [pid, ...words] = line.trim().split(' ');
    if (words.includes(entry)) marked.add(Number(pid));
  }
  return marked;
}

/** Bytes read and written so far by a process, through calls and page faults; 0 where it cannot be known. */
export function ioBytesOf(pid: number): number {
  if (process.platform !== 'linux') return 0;
  try {
    const text = readFileSync(`/proc/${String(pid)}/io`, 'utf8');
    return [...text.matchAll(/^(?:rchar|wchar|read_bytes|write_bytes): (\d+)$/gm)].reduce(
      (sum, m) => sum + Number(m[1]),
      0,
    );
  } catch {
    return 0;
  }
}

/** Resident size in bytes; 0 where it cannot be known. */
export function residentBytesOf(pid: number): number {
  if (process.platform !== 'linux') return 0;
  try {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
    return Number(found?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

const isPid = (name: string): boolean => /^\d+$/.test(name);

async function runPs(args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execFileAsync('/bin/ps', args, { timeout: PS_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch {
    return ''; // without ps only the process group itself is known
  }
}
