import type { ChildEnd, ChildLimits } from './child.ts';
import { livingMembers, type ProcessTree } from './kill-tree.ts';
import { ioBytesOf, residentBytesOf, type ProcessRow } from './process-table.ts';

/** No output, no CPU time and no IO for this long is a hang (reliability.md). */
const DEFAULT_STALL_MS = 120_000;
/**
 * Of what answers within a second on a free machine: a version, a list, one small proof. A hang is seen by the stall; our
 * children run below normal priority, and beside a full render a second becomes a minute.
 */
export const TRIAL_LIMITS = { wallMs: 120_000, stallMs: 20_000 } as const;
/** CPU share under which a child only polls: ffmpeg waiting in a 10 ms sleep loop uses about 0.15 %. */
const IDLE_CPU_SHARE = 0.005;
/** A program can take a gigabyte in a second; one sample of known processes costs about 30 µs each. */
const MEMORY_SAMPLE_MS = 100;

/** What a tree did so far; all of it only grows while its members stay the same. */
export interface Activity {
  readonly cpuMs: number;
  readonly ioBytes: number;
  readonly outputBytes: number;
  /** Somebody is running or waits for a CPU: a starved child is slow, not hung. */
  readonly wantsCpu: boolean;
  readonly members: string;
}

/** Judges activity against time; `activeMs` is a clock that stands still while the child is suspended. */
interface StallJudge {
  /** How long nothing happened, ms. */
  idleMs(activeMs: number, seen: Activity): number;
}

export function createStallJudge(): StallJudge {
  let mark: { readonly activeMs: number; readonly seen: Activity } | undefined;
  return {
    idleMs(activeMs, seen) {
      if (mark === undefined || isBusy(mark.seen, seen, activeMs - mark.activeMs)) mark = { activeMs, seen };
      return activeMs - mark.activeMs;
    },
  };
}

function isBusy(before: Activity, now: Activity, elapsedMs: number): boolean {
  return (
    now.wantsCpu ||
    now.outputBytes !== before.outputBytes ||
    now.ioBytes !== before.ioBytes ||
    now.members !== before.members ||
    now.cpuMs - before.cpuMs > elapsedMs * IDLE_CPU_SHARE
  );
}

/**
 * Milliseconds that count, read at least every `tickMs`: none while `isPaused`, and at most two ticks at once: what is
 * longer was our own pause (a sleeping machine, a blocked loop), not the child's.
 */
function createActiveClock(now: () => number, isPaused: () => boolean, tickMs: number): () => number {
  let activeMs = 0;
  let last = now();
  return () => {
    const at = now();
    if (!isPaused()) activeMs += Math.min(at - last, 2 * tickMs);
    last = at;
    return activeMs;
  };
}

/** Aborts once `limitMs` have passed in which nothing was paused; `stop` lets go of it. */
export function abortAfterActive(
  limitMs: number,
  isPaused: () => boolean,
  now: () => number = () => performance.now(),
): { readonly signal: AbortSignal; stop(): void } {
  const over = new AbortController();
  const tickMs = Math.min(1_000, Math.max(10, limitMs / 50));
  const activeMs = createActiveClock(now, isPaused, tickMs);
  const timer = setInterval(() => {
    if (activeMs() < limitMs) return;
    clearInterval(timer);
    over.abort();
  }, tickMs);
  return { signal: over.signal, stop: () => clearInterval(timer) };
}

interface WatchedChild {
  readonly now: () => number;
  readonly tree: ProcessTree;
  /** Suspended, or held back by our own consumer: this time counts for nothing. */
  readonly isPaused: () => boolean;
  readonly outputBytes: () => number;
  readonly onTripped: (end: ChildEnd) => void;
}

export interface Watch {
  readonly peakResidentBytes: number | undefined;
  stop(): void;
}

/** How often each thing is looked at, ms. */
interface WatchIntervals {
  readonly tickMs: number;
  readonly stallSampleMs: number;
}

/** A stall is looked for 24 times within its limit: every 5 s for 120 s, so that the samples cost nothing. */
export function watchIntervals(limits: ChildLimits): WatchIntervals {
  const stallMs = limits.stallMs ?? DEFAULT_STALL_MS;
  const stallSampleMs = Math.max(10, stallMs / 24);
  const memory = limits.residentBytes === undefined ? Infinity : MEMORY_SAMPLE_MS;
  const wall = limits.wallMs === undefined ? Infinity : Math.max(10, limits.wallMs / 50);
  return { tickMs: Math.min(1_000, stallSampleMs, memory, wall), stallSampleMs };
}

/** Watches wall clock, stalls and resident size of a child until `stop`; calls `onTripped` at most once. */
export function watchChild(limits: ChildLimits, child: WatchedChild): Watch {
  const { tickMs, stallSampleMs } = watchIntervals(limits);
  const stallMs = limits.stallMs ?? DEFAULT_STALL_MS;
  const judge = createStallJudge();
  const clock = createActiveClock(child.now, child.isPaused, tickMs);
  let activeMs = 0;
  let nextStallSample = 0;
  let members: readonly number[] = [child.tree.leader];
  let sampling = false;
  let stopped = false;
  let peak: number | undefined;

  const trip = (end: ChildEnd): void => {
    if (stopped) return;
    watch.stop();
    child.onTripped(end);
  };
  const sample = async (withStall: boolean): Promise<void> => {
    // Who belongs to the tree is read anew for stall samples only.
    const rows = withStall ? await livingMembers(child.tree) : [];
    if (withStall) members = rows.map((row) => row.pid);
    if (stopped || child.isPaused()) return;
    if (limits.residentBytes !== undefined) {
      const residentBytes = members.reduce((sum, pid) => sum + residentBytesOf(pid), 0);
      peak = Math.max(peak ?? 0, residentBytes);
      if (residentBytes > limits.residentBytes) trip({ kind: 'out-of-memory', residentBytes });
    }
    if (!withStall || rows.length === 0) return;
    // The last sample before the limit decides: a hang is over within the limit, not a sample later.
    const idleMs = judge.idleMs(activeMs, activityOf(rows, child.outputBytes()));
    if (idleMs + stallSampleMs + tickMs >= stallMs) trip({ kind: 'stalled', afterMs: stallMs });
  };
  const tick = (): void => {
    activeMs = clock();
    if (limits.wallMs !== undefined && activeMs >= limits.wallMs) {
      trip({ kind: 'timed-out', afterMs: limits.wallMs });
      return;
    }
    const withStall = activeMs >= nextStallSample;
    if (sampling || (!withStall && limits.residentBytes === undefined)) return;
    if (withStall) nextStallSample += stallSampleMs;
    sampling = true;
    void sample(withStall).finally(() => {
      sampling = false;
    });
  };

  const timer = setInterval(tick, tickMs);
  const watch: Watch = {
    get peakResidentBytes() {
      return peak;
    },
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
  return watch;
}

function activityOf(rows: readonly ProcessRow[], outputBytes: number): Activity {
  return {
    cpuMs: rows.reduce((sum, row) => sum + row.cpuMs, 0),
    ioBytes: rows.reduce((sum, row) => sum + ioBytesOf(row.pid), 0),
    outputBytes,
    wantsCpu: rows.some((row) => row.state === 'R'),
    members: rows
      .map((row) => row.pid)
      .sort((a, b) => a - b)
      .join(' '),
  };
}
