import { readdirSync, readFileSync } from 'node:fs';

/** What a job used, sampled from /proc: a child that lives shorter than a sample is missed. */
export interface Resources {
  /** Largest resident size of this process (agent, server and bench together) above what it was before, in bytes. */
  readonly agentBytes: number;
  /** Largest resident size of all tools together, in bytes. */
  readonly childBytes: number;
  /**
   * Most memory that this process and all tools took together, in bytes: pages that several of them share, such as the
   * tools' libraries, are counted once (`Pss`, proc_pid_smaps(5)).
   */
  readonly togetherBytes: number;
  /** What the tools read, from files and pipes together, in bytes. */
  readonly readBytes: number;
}

const SAMPLE_MS = 20;
/** /proc counts processor time in hundredths of a second (USER_HZ, the same on every Linux). */
const TICK_MS = 10;

/**
 * Processor time in ms, user and system together, that the whole machine used so far: a machine that does nothing else
 * is the place to measure. What processes waited for is no measure: a sandbox's first process ends before what it holds,
 * whose time then counts for nobody of ours.
 */
export function processorMs(): number {
  // proc_stat(5): user, nice, system, idle, iowait, irq, softirq, and what others took.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] =
    /^cpu +([\d ]+)/.exec(text('/proc/stat'))?.[1]?.split(' ').map(Number) ?? [];
  return (user + nice + system + irq + softirq) * TICK_MS;
}

/** Watches this process and all that it started until the returned function is called. */
export function watchResources(): () => Resources {
  const before = process.memoryUsage.rss();
  const read = new Map<number, number>();
  let agentBytes = 0;
  let childBytes = 0;
  let togetherBytes = 0;
  const sample = (): void => {
    agentBytes = Math.max(agentBytes, process.memoryUsage.rss() - before);
    let resident = 0;
    let proportional = proportionalBytes('self');
    for (const pid of descendants(process.pid)) {
      resident += found(text(`/proc/${pid}/status`), /^VmRSS:\s+(\d+)/m) * 1024;
      proportional += proportionalBytes(pid);
      const io = text(`/proc/${pid}/io`);
      read.set(pid, Math.max(read.get(pid) ?? 0, found(io, /^rchar: (\d+)/m)));
    }
    childBytes = Math.max(childBytes, resident);
    togetherBytes = Math.max(togetherBytes, proportional);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    return {
      agentBytes,
      childBytes,
      togetherBytes,
      readBytes: [...read.values()].reduce((sum, bytes) => sum + bytes, 0),
    };
  };
}

const proportionalBytes = (pid: number | 'self'): number =>
  found(text(`/proc/${pid}/smaps_rollup`), /^Pss:\s+(\d+)/m) * 1024;

/** Children and theirs: in a sandbox the tool itself is a grandchild. Linux keeps a list for each thread that spawned. */
function descendants(pid: number): number[] {
  const lists = threads(pid).map((thread) => text(`/proc/${pid}/task/${thread}/children`));
  const children = lists.flatMap((list) => list.split(' ').map(Number)).filter((child) => child > 0);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function threads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // gone meanwhile
  }
}

function found(words: string, pattern: RegExp): number {
  return Number(pattern.exec(words)?.[1] ?? 0);
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // gone meanwhile
  }
}
