import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLinuxRow } from '../../electron/work/process/process-table.ts';
import { nodeRuntime } from '../../electron/work/process/spawn-node.ts';
import { PATIENCE_MS } from './children/alive.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const BUILT = join(root, 'out/node/rushcatalog-agent.js');

/**
 * For programs that are measured: their children do not give way to what else a test machine does. They do so by
 * default, and beside other tests would then stand still for minutes.
 */
export const AT_WORK = { RUSHCATALOG_NICE: '0' } as const;

/** What the packaged command line sets for itself (build/linux/rushcatalog-agent). */
export const AS_PACKAGED = {
  UV_THREADPOOL_SIZE: '32',
  MALLOC_ARENA_MAX: '2',
  NODE_OPTIONS: '--max-semi-space-size=4',
} as const;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command line program under test. */
export interface Command {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Everything it said, both streams, in the order it came. */
  output(): string;
  /** Waits for a line; throws what was said instead when it ends before or takes too long. */
  said(pattern: RegExp): Promise<RegExpMatchArray>;
  signal(signal: NodeJS.Signals): void;
}

/** Makes sure that `npm run build` is up to date; its own process, because a failing build ends it. */
export function ensureBuild(): void {
  const script = `import(${JSON.stringify(new URL('../../scripts/build.mjs', import.meta.url).href)}).then((m) => m.ensureBuilt())`;
  const { status, stderr } = spawnSync(nodeRuntime(), ['-e', script], { encoding: 'utf8' });
  if (status !== 0 || !existsSync(BUILT)) throw new Error(`The build failed: ${stderr}`);
}

/** As `npm run build` made it, another build (see fault-build.ts), or another program altogether. */
type ProgramUnderTest = 'build' | { readonly folder: string } | { readonly file: string };

/** Starts `rushcatalog-agent …`, or another program with these arguments. */
export function start(
  args: readonly string[],
  options: {
    readonly from?: ProgramUnderTest;
    readonly env?: Readonly<Record<string, string>>;
    /** A program and its arguments that runs ours. */
    readonly under?: readonly string[];
  } = {},
): Command {
  const { from = 'build' } = options;
  const ours = [nodeRuntime(), programOf(from), ...args];
  const [program = '', ...rest] = [...(options.under ?? []), ...ours];
  const child = spawn(program, rest, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  return watched(child, options.under === undefined ? null : programOf(from));
}

/** The process that runs `program`, this one or one below it: strace, for one, keeps a SIGTERM to itself. */
function runnerOf(pid: number, program: string): number | null {
  try {
    const [, first] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (first === program) return pid;
    const below = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return below.map((child) => runnerOf(Number(child), program)).find((found) => found !== null) ?? null;
  } catch {
    return null;
  }
}

function programOf(from: ProgramUnderTest): string {
  if (from === 'build') return BUILT;
  return 'file' in from ? from.file : join(from.folder, 'rushcatalog-agent.js');
}

function watched(child: ChildProcess, under: string | null): Command {
  let output = '';
  let wake = Promise.withResolvers<void>();
  const hear = (chunk: Buffer): void => {
    output += chunk.toString();
    wake.resolve();
    wake = Promise.withResolvers();
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  let over = false;
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      over = true;
      wake.resolve();
      resolve({ code, signal });
    });
  });
  return {
    pid: child.pid ?? -1,
    ended,
    output: () => output,
    async said(pattern) {
      const until = performance.now() + PATIENCE_MS;
      for (;;) {
        const match = pattern.exec(output);
        if (match !== null) return match;
        const left = until - performance.now();
        if (over || left <= 0) throw new Error(`It did not say ${String(pattern)}, but:\n${output}`);
        const timer = setTimeout(() => wake.resolve(), left);
        await wake.promise;
        clearTimeout(timer);
      }
    },
    signal: (signal) => {
      const runner = under === null || child.pid === undefined ? null : runnerOf(child.pid, under);
      if (runner !== null) process.kill(runner, signal);
      // What stands before it ends with it, or is to end as well.
      if (runner === null || signal === 'SIGKILL') child.kill(signal);
    },
  };
}

/** Ends a command that a test no longer needs. */
export async function put(command: Command | undefined): Promise<void> {
  command?.signal('SIGKILL');
  await command?.ended;
}

/** Living processes whose environment has one of these entries, this process and `except` left out (Linux). */
export function processesWith(entries: readonly string[], except: readonly number[] = []): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && !except.includes(pid) && hasEntry(pid, entries));
}

/** What it was started as, its parent and its state, for a message. */
export function describeProcess(pid: number): string {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    const { state, parent, group } = readLinuxRow(pid) ?? {};
    return `${pid} (${state}, child of ${parent}, group ${group}): ${command.slice(0, 120)} … ${command.slice(-200)}`;
  } catch {
    return `${pid}: gone meanwhile`;
  }
}

function hasEntry(pid: number, entries: readonly string[]): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    if (stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')) return false;
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
      .split('\0')
      .some((entry) => entries.includes(entry));
  } catch {
    return false;
  }
}
