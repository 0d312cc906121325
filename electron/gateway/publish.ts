import type { AgentEvent } from '../../shared/event.ts';
import type { Update } from '../../shared/update.ts';
import { after, systemClock, type Clock } from '../work/clock.ts';
import type { AgentPort } from './agent-port.ts';

/** At most 5 progress batches a second per watcher (architecture.md, Data flow 4). */
const PROGRESS_INTERVAL_MS = 200;
/** A silent stream repeats its revision this often (architecture.md, Data flow 3). */
export const ALIVE_INTERVAL_MS = 10_000;
/** A watcher that takes nothing for this long is gone; its memory is given back. */
export const STUCK_AFTER_MS = 60_000;

type PublisherClock = Pick<Clock, 'monotonic' | 'sleep'>;

/** One watcher's channel. */
interface Watcher {
  /** Takes one update, in order. False: full; call `drained` of the publisher when there is room again. */
  send(update: Update): boolean;
  /** The watcher took nothing for STUCK_AFTER_MS; end its channel. */
  abandon(): void;
}

export interface Publisher {
  drained(): void;
  /** The watcher noticed a gap: begins again with a snapshot. */
  resync(): void;
  close(): void;
}

type Progress = Extract<AgentEvent, { type: 'progressMade' }>;

/** Keeps the newest progress of each job until the next batch is due. */
function holdProgress(clock: PublisherClock, flush: (events: readonly Progress[]) => void) {
  const held = new Map<string, Progress>();
  let sentAt = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;
  const send = (): void => {
    cancel = undefined;
    sentAt = clock.monotonic();
    const events = [...held.values()];
    held.clear();
    if (events.length > 0) flush(events);
  };
  return {
    hold: (event: Progress): void => {
      held.set(event.jobId, event);
      cancel ??= after(clock, Math.max(0, sentAt + PROGRESS_INTERVAL_MS - clock.monotonic()), send);
    },
    forget: (jobId: string): boolean => held.delete(jobId),
    clear: (): void => {
      held.clear();
      cancel?.();
      cancel = undefined;
    },
    isEmpty: (): boolean => held.size === 0,
  };
}

/** The two clocks of a stream: silence makes it repeat its revision, and a watcher that takes nothing is given up. */
function keepTime(clock: PublisherClock, onSilence: () => void, onStuck: () => void) {
  let cancelAlive: (() => void) | undefined;
  let cancelStuck: (() => void) | undefined;
  const taken = (): void => {
    cancelStuck?.();
    cancelStuck = undefined;
  };
  const listen = (): void => {
    cancelAlive?.();
    cancelAlive = after(clock, ALIVE_INTERVAL_MS, () => {
      listen();
      onSilence();
    });
  };
  return {
    sent: (full: boolean): void => {
      listen();
      if (full) cancelStuck ??= after(clock, STUCK_AFTER_MS, onStuck);
    },
    taken,
    stop: (): void => {
      cancelAlive?.();
      taken();
    },
  };
}

/**
 * Shows the agent to one watcher: a snapshot first, then status at once and progress coalesced to the newest value
 * per job. While the watcher is full nothing is queued for it; when it has room again it gets a fresh snapshot.
 */
export function publish(
  agent: Pick<AgentPort, 'snapshot' | 'subscribe'>,
  watcher: Watcher,
  clock: PublisherClock = systemClock,
): Publisher {
  let sentRevision = 0;
  let full = false;
  let stale = false;
  let closed = false;

  const send = (update: Update): void => {
    full = !watcher.send(update);
    time.sent(full);
  };
  const sendAlive = (): void => {
    // Held progress is about to speak for itself; its revision is not the watcher's yet.
    if (!full && progress.isEmpty()) send({ kind: 'alive', revision: agent.snapshot().revision });
  };
  const sendSnapshot = (): void => {
    const snapshot = agent.snapshot();
    progress.clear();
    stale = false;
    sentRevision = snapshot.revision;
    send({ kind: 'snapshot', snapshot });
  };
  const sendEvents = (events: readonly AgentEvent[]): void => {
    if (full) {
      stale = true;
      return;
    }
    const base = sentRevision;
    sentRevision = agent.snapshot().revision;
    send({ kind: 'events', base, revision: sentRevision, events });
  };
  const progress = holdProgress(clock, sendEvents);
  const unsubscribe = agent.subscribe((event) => {
    if (event.type === 'progressMade') return progress.hold(event);
    // Progress of an ended run must not reach a later run of the same job.
    if (event.type === 'jobEnded') progress.forget(event.job.jobId);
    sendEvents([event]);
  });
  const close = (): void => {
    closed = true;
    unsubscribe();
    progress.clear();
    time.stop();
  };
  const time = keepTime(clock, sendAlive, () => {
    close();
    watcher.abandon();
  });
  sendSnapshot();

  return {
    drained: () => {
      if (closed) return;
      full = false;
      time.taken();
      if (stale) sendSnapshot();
    },
    resync: () => {
      if (closed) return;
      if (full) stale = true;
      else sendSnapshot();
    },
    close,
  };
}
