import type { Confinement } from './sandbox-port.ts';

/**
 * What a child process is to the rest of the agent. Types only: run-process.ts implements them, and everything
 * outside process/ sees children through this file (architecture.md: process/ is the only importer of child_process).
 */

export interface ChildSpec {
  /** Absolute path of the program. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to the cleared environment (PATH, HOME, TMPDIR, LANG=C.UTF-8 and the run id are all a child gets). */
  readonly env?: Readonly<Record<string, string>>;
  /** Open descriptors of ours that the child sees as 3, 4, … in this order. */
  readonly descriptors?: readonly number[];
  /** Written to the child's stdin, which is then closed; absent: stdin is /dev/null. */
  readonly stdin?: string | Uint8Array;
  readonly stdout?: StdoutUse;
  readonly onStderrLine?: (line: string) => void;
  readonly limits?: ChildLimits;
  /** `none`: outside the job's sandbox, where there is one; only to find out why a tool does not work inside. */
  readonly sandbox?: 'none';
  /** `graphics`: may use the graphics card; for hardware encoders alone. Without a sandbox everybody may. */
  readonly devices?: 'graphics';
  /** Aborting ends this child alone: CONT, TERM, 5 s, KILL. Its end is then `cancelled`. */
  readonly signal?: AbortSignal;
}

export type StdoutUse =
  | { readonly kind: 'ignore' }
  /** Kept whole up to `maxBytes`; more than that ends the child as `too-much-output`. */
  | { readonly kind: 'collect'; readonly maxBytes: number }
  | { readonly kind: 'lines'; readonly onLine: (line: string) => void }
  /** A returned promise holds the pipe back until it settles, so that memory stays flat. */
  | { readonly kind: 'bytes'; readonly onBytes: (chunk: Buffer) => void | Promise<void> };

export interface ChildLimits {
  /** Wall clock without suspended time, in ms. */
  readonly wallMs?: number;
  /** No output, no CPU time and no IO for this long (ms, default 120,000) is a hang; suspended time does not count. */
  readonly stallMs?: number;
  /** RLIMIT_AS in bytes, where the platform has it (Linux with util-linux). Not for Node: V8 reserves far more than it uses. */
  readonly addressSpaceBytes?: number;
  /** Resident size in bytes at which a watchdog ends the child as `out-of-memory`. */
  readonly residentBytes?: number;
}

/** How a child ended. The first reason wins: a child that was killed for a stall is `stalled`, not `signalled`. */
export type ChildEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'killed' }
  | { readonly kind: 'timed-out'; readonly afterMs: number }
  | { readonly kind: 'stalled'; readonly afterMs: number }
  | { readonly kind: 'out-of-memory'; readonly residentBytes: number }
  | { readonly kind: 'too-much-output' }
  /** One of our own callbacks threw or rejected; the child was killed. The callback's owner knows the error itself. */
  | { readonly kind: 'consumer-failed'; readonly message: string; readonly diskFull: boolean }
  | { readonly kind: 'not-started'; readonly message: string };

export interface ChildResult {
  readonly end: ChildEnd;
  /** What `collect` kept, else empty. */
  readonly stdout: Buffer;
  /** Last 40 lines, each at most 2,000 characters. */
  readonly stderrTail: readonly string[];
  /** Program first, as it was meant (without the wrappers that set limits). */
  readonly command: readonly string[];
  readonly wallMs: number;
  /** Largest resident size seen by the watchdog, where one ran. */
  readonly peakResidentBytes?: number;
}

/** All children of one job (or one proof): they are suspended and ended together. */
export interface JobProcesses {
  /** Never rejects: how a child ended is a value. After kill() or terminate() it answers `killed` or `cancelled` at once. */
  run(spec: ChildSpec): Promise<ChildResult>;
  /** Lease lost: KILL to every group; resolves when nobody is left. */
  kill(): Promise<void>;
  /** Cancel or stop: CONT, TERM, 5 s, KILL; resolves when nobody is left. */
  terminate(): Promise<void>;
  /** Stops every child (SIGSTOP) and holds back new ones. Windows has no such signal: there it only holds back new ones. */
  suspend(): void;
  resume(): void;
  readonly suspended: boolean;
  /** Process-group ids alive right now; the lease thread kills these if the main loop dies. */
  groups(): readonly number[];
  onGroupsChanged(listener: (groups: readonly number[]) => void): void;
}

/** All that an executor may do with children: whoever owns them ends and suspends them. */
export type ProgramRunner = Pick<JobProcesses, 'run'>;

export interface ProcessOptions {
  /** Travels in every child's environment as RUSHCATALOG_RUN_ID. */
  readonly runId: string;
  /**
   * Travels as RUSHCATALOG_OWNER: one value per installation and work folder, the same after a restart, so that
   * the sweep at the start finds what an earlier life of this agent left behind and nothing else.
   */
  readonly owner: string;
  readonly jobId: string;
  /** Nice value 0..19 for every child (priority.ts); above 0 the disk priority goes down with it. */
  readonly nice: number;
  /** Cores the children may use, of those this process may; absent: all. */
  readonly cpuCores?: number | undefined;
  /** Absent: children run without a sandbox. */
  readonly confinement?: Confinement;
}
