import { Worker } from 'node:worker_threads';
import type { Clock } from '../../work/clock.ts';
import { isClockAnomaly, readClocks, type ClockReadings } from './clock-anomaly.ts';
import type { Credentials } from '../server/client.ts';
import type { NetworkFacts } from '../server/network-fetch.ts';
import type { Log } from '../diagnostics/log.ts';
import type { FromLeaseThread, HeldLease, LeaseLoss, LeaseThreadData, ToLeaseThread } from './messages.ts';

/** How often the main loop says that it lives, while leases are held. */
const ALIVE_MS = 10_000;

/** A lease as the main loop sees it. The heartbeats are sent by the lease thread. */
export interface Lease {
  readonly lockToken: string;
  /** Aborted when the lease is lost; its reason is the LeaseLoss. */
  readonly lost: AbortSignal;
  /** Aborted when a heartbeat's answer asked for cancellation. */
  readonly cancelled: AbortSignal;
  /**
   * Before every write: 'ours' when the deadline has not passed and nothing puts it in doubt, else a heartbeat
   * decides; waits as long as the server does not answer. 'lost' also when `signal` is aborted.
   */
  confirm(signal: AbortSignal): Promise<'ours' | 'lost'>;
  note(change: { readonly progress?: number; readonly stage?: string }): void;
  setGroups(groups: readonly number[]): void;
  /** Nothing runs any more: a deadline that passes is asked about instead of believed. */
  executed(): void;
  release(): void;
}

export interface Leases {
  hold(lease: HeldLease): Lease;
  setCredentials(credentials: Credentials): void;
  close(): Promise<void>;
}

interface Entry {
  deadline: number;
  unsure: boolean;
  /** Clock readings when the lease was last extended: while their differences hold, nothing slept and nobody set a clock. */
  readings: ClockReadings;
  readonly lost: AbortController;
  readonly cancelled: AbortController;
  readonly waiting: Set<(answer: 'ours' | 'lost') => void>;
}

/** What sends heartbeats from outside the main loop. */
export interface LeaseThread {
  postMessage(message: ToLeaseThread): void;
  terminate(): Promise<unknown>;
}

export interface LeaseThreadHandlers {
  readonly onMessage: (message: FromLeaseThread) => void;
  readonly onDeath: (error: Error) => void;
}

/** Starts the lease thread (`threadUrl`) on first use; it ends with `close`. */
export function createLeases(deps: {
  readonly threadUrl: URL;
  readonly serverUrl: string;
  readonly credentials: () => Credentials;
  readonly clock: Clock;
  readonly log: Pick<Log, 'error'>;
  readonly network?: NetworkFacts;
  /** Default: a worker thread. */
  readonly startThread?: (handlers: LeaseThreadHandlers) => LeaseThread;
}): Leases {
  const { clock } = deps;
  const entries = new Map<string, Entry>();
  const start = deps.startThread ?? ((handlers: LeaseThreadHandlers) => startWorker(deps, handlers));
  let thread: LeaseThread | undefined;
  let closed = false;
  let alive: NodeJS.Timeout | undefined;

  const post = (message: ToLeaseThread): void => {
    if (closed) return;
    thread ??= start({
      onMessage: (answer) => {
        if (receive(entries, clock, answer) === 'too-late') post({ type: 'heartbeat-now', runId: answer.runId });
      },
      onDeath: (error) => {
        deps.log.error({ err: error }, 'the lease thread died');
        thread = undefined;
        // No heartbeat is sent any more: better to stop now than to work on without knowing.
        for (const runId of entries.keys()) receive(entries, clock, { type: 'lost', runId, because: 'deadline' });
      },
    });
    thread.postMessage(message);
  };
  const updateKeepalive = (): void => {
    if (entries.size === 0) {
      clearInterval(alive);
      alive = undefined;
    } else {
      alive ??= setInterval(() => post({ type: 'alive' }), ALIVE_MS).unref();
    }
  };

  return {
    hold(held) {
      const entry = newEntry(held, clock);
      entries.set(held.runId, entry);
      post({ type: 'hold', lease: held });
      updateKeepalive();
      return leaseOf(held, entry, clock, post, () => {
        entries.delete(held.runId);
        updateKeepalive();
      });
    },
    setCredentials: (credentials) => {
      if (thread !== undefined) post({ type: 'credentials', credentials });
    },
    async close() {
      closed = true;
      clearInterval(alive);
      await thread?.terminate();
    },
  };
}

interface WorkerDeps {
  readonly threadUrl: URL;
  readonly serverUrl: string;
  readonly credentials: () => Credentials;
  readonly network?: NetworkFacts;
}

function startWorker(deps: WorkerDeps, handlers: LeaseThreadHandlers): LeaseThread {
  const { serverUrl, network = {} } = deps;
  const workerData: LeaseThreadData = { serverUrl, credentials: deps.credentials(), network };
  const thread = new Worker(deps.threadUrl, { workerData, name: 'leases' });
  thread.on('message', handlers.onMessage);
  thread.on('error', handlers.onDeath);
  thread.unref();
  return thread;
}

function newEntry(held: HeldLease, clock: Clock): Entry {
  return {
    deadline: held.grant?.deadline ?? Number.NEGATIVE_INFINITY,
    unsure: held.grant === null,
    readings: readClocks(clock),
    lost: new AbortController(),
    cancelled: new AbortController(),
    waiting: new Set(),
  };
}

/** `too-late`: the lease was prolonged, but by now that has run out again, and somebody waits to write under it. */
function receive(entries: ReadonlyMap<string, Entry>, clock: Clock, message: FromLeaseThread): 'too-late' | undefined {
  const entry = entries.get(message.runId);
  if (entry === undefined) return undefined;
  switch (message.type) {
    case 'extended':
      entry.deadline = message.deadline;
      entry.unsure = false;
      entry.readings = readClocks(clock);
      if (message.cancelRequested) entry.cancelled.abort();
      // A process that stood still hears of it only now: nothing may be sent under a lease that is over.
      if (clock.monotonic() >= entry.deadline) return entry.waiting.size > 0 ? 'too-late' : undefined;
      settle(entry, 'ours');
      return undefined;
    case 'unsure':
      entry.unsure = true;
      return undefined;
    case 'lost':
      entry.lost.abort(message.because satisfies LeaseLoss);
      settle(entry, 'lost');
      return undefined;
  }
}

function settle(entry: Entry, answer: 'ours' | 'lost'): void {
  for (const resolve of entry.waiting) resolve(answer);
  entry.waiting.clear();
}

function leaseOf(
  held: HeldLease,
  entry: Entry,
  clock: Clock,
  post: (message: ToLeaseThread) => void,
  forget: () => void,
): Lease {
  const { runId } = held;
  return {
    lockToken: held.lockToken,
    lost: entry.lost.signal,
    cancelled: entry.cancelled.signal,
    async confirm(signal) {
      if (entry.lost.signal.aborted || signal.aborted) return 'lost';
      const doubtful = entry.unsure || isClockAnomaly(entry.readings, readClocks(clock));
      if (!doubtful && clock.monotonic() < entry.deadline) return 'ours';
      post({ type: 'heartbeat-now', runId });
      return new Promise((resolve) => {
        const decide = (answer: 'ours' | 'lost'): void => {
          entry.waiting.delete(decide);
          signal.removeEventListener('abort', onAbort);
          resolve(answer);
        };
        const onAbort = (): void => decide('lost');
        signal.addEventListener('abort', onAbort, { once: true });
        entry.waiting.add(decide);
      });
    },
    note: (change) => post({ type: 'note', runId, ...change }),
    setGroups: (groups) => post({ type: 'groups', runId, groups }),
    executed: () => post({ type: 'executed', runId }),
    release() {
      settle(entry, 'lost');
      forget();
      post({ type: 'release', runId });
    },
  };
}
