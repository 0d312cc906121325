import type { Clock } from '../../work/clock.ts';
import { isAnomaly, readClocks } from './anomaly.ts';
import type { ServerClient } from '../server/client.ts';
import { reactionTo } from '../server/reactions.ts';
import { beatInterval, grantOf, UNTOLD_MS } from './grant.ts';
import type { FromLeaseThread, Grant, HeldLease, LeaseLoss, ToLeaseThread } from './messages.ts';

/** A main loop that gave no sign of life for this long is dead (protocol.md, Lease). */
const MAIN_LOOP_DEAD_MS = 120_000;
/** A heartbeat is small: what has not answered by then is asked again. */
const BEAT_TIMEOUT_MS = 10_000;
/** A server that is away is asked this often about work that waits for it (reliability.md, Backoff: cap 60 s). */
const MAX_APART_MS = 60_000;
/** Heartbeats are at least this far apart (protocol.md, Lease). */
const MIN_APART_MS = 500;

interface LoopDeps {
  readonly client: Pick<ServerClient, 'heartbeat'>;
  readonly clock: Clock;
  readonly send: (message: FromLeaseThread) => void;
  /** KILL to a process group and everybody who came from it; must not throw. */
  readonly killGroup: (group: number) => void;
}

interface Held {
  readonly lease: HeldLease;
  grant: Grant | null;
  executed: boolean;
  released: boolean;
  unsure: boolean;
  progress?: number;
  stage?: string;
  groups: readonly number[];
  poke: AbortController;
  /** Aborted with the release: nothing is waited for any more. */
  readonly gone: AbortController;
}

/** Keeps leases alive from outside the main loop: one heartbeat loop per lease, ended by release or loss. */
export function createLeaseLoop(deps: LoopDeps): { receive(message: ToLeaseThread): void } {
  const { clock } = deps;
  const held = new Map<string, Held>();
  let lastSign = clock.monotonic();

  const receive = (message: ToLeaseThread): void => {
    lastSign = clock.monotonic();
    if (message.type === 'alive' || message.type === 'credentials') return;
    if (message.type === 'hold') {
      const entry = newHeld(message.lease);
      held.set(message.lease.runId, entry);
      const mainLoop: MainLoop = {
        isDead: () => clock.monotonic() - lastSign > MAIN_LOOP_DEAD_MS,
        forgive: () => {
          lastSign = clock.monotonic();
        },
      };
      void keep(deps, entry, mainLoop).finally(() => {
        if (held.get(message.lease.runId) === entry) held.delete(message.lease.runId);
      });
      return;
    }
    const entry = held.get(message.runId);
    if (entry !== undefined) change(entry, message);
  };
  return { receive };
}

function newHeld(lease: HeldLease): Held {
  return {
    lease,
    grant: lease.grant,
    executed: lease.executed,
    released: false,
    unsure: lease.grant === null,
    groups: [],
    poke: new AbortController(),
    gone: new AbortController(),
  };
}

function change(entry: Held, message: Exclude<ToLeaseThread, { type: 'hold' | 'credentials' | 'alive' }>): void {
  switch (message.type) {
    case 'note':
      if (message.progress !== undefined) entry.progress = message.progress;
      if (message.stage !== undefined) entry.stage = message.stage;
      return;
    case 'groups':
      entry.groups = message.groups;
      return;
    case 'executed':
      entry.executed = true;
      return;
    case 'beat-now':
      entry.unsure = true;
      entry.poke.abort();
      return;
    case 'release':
      entry.released = true;
      entry.gone.abort();
      entry.poke.abort();
      return;
  }
}

/** The main loop, as far as it can be seen from here. */
interface MainLoop {
  isDead(): boolean;
  /** After sleep its silence says nothing. */
  forgive(): void;
}

async function keep(deps: LoopDeps, entry: Held, mainLoop: MainLoop): Promise<void> {
  const { clock } = deps;
  let failures = 0;
  let lastBeatAt = Number.NEGATIVE_INFINITY;
  let seen = readClocks(clock);
  while (!entry.released) {
    if (!entry.unsure || failures > 0) await wait(clock, entry, failures);
    await clock.sleep(Math.max(0, lastBeatAt + MIN_APART_MS - clock.monotonic()), entry.gone.signal);
    if (entry.released) return;
    const now = readClocks(clock);
    if (isAnomaly(seen, now)) {
      mainLoop.forgive();
      doubt(deps, entry);
    }
    seen = now;
    if (mainLoop.isDead()) return lose(deps, entry, 'main-loop-dead');
    if (isPast(clock, entry)) {
      if (!entry.executed) return lose(deps, entry, 'deadline');
      doubt(deps, entry);
    }
    lastBeatAt = clock.monotonic();
    const result = await beat(deps, entry);
    if (result === 'lost' || entry.released) return;
    failures = result === 'extended' ? 0 : failures + 1;
  }
}

/** ms; a lease kept from before a restart counts as one of unknown length. */
const intervalOf = ({ grant }: Held): number => beatInterval(grant?.grantedMs ?? UNTOLD_MS);

const isPast = (clock: Clock, entry: Held): boolean =>
  entry.grant !== null && clock.monotonic() >= entry.grant.deadline;

function doubt(deps: LoopDeps, entry: Held): void {
  if (entry.unsure) return;
  entry.unsure = true;
  deps.send({ type: 'unsure', runId: entry.lease.runId });
}

/** Waits for the next beat, but never beyond the deadline of a running job. */
async function wait(clock: Clock, entry: Held, failures: number): Promise<void> {
  entry.poke = new AbortController();
  const interval = intervalOf(entry);
  // A lease that can still be saved is asked about more often than one whose deadline has passed. After a restart
  // that is not known: the pause is a fifth of the time spent asking.
  const unknown = entry.grant === null;
  const longest = unknown || (entry.executed && isPast(clock, entry)) ? MAX_APART_MS : interval / 2;
  const grown = MIN_APART_MS * (unknown ? 1.25 : 2) ** failures;
  const pause = failures === 0 ? interval : Math.max(MIN_APART_MS, Math.min(longest, grown));
  const left = entry.grant === null || entry.executed ? pause : entry.grant.deadline - clock.monotonic();
  await clock.sleep(Math.max(0, Math.min(pause, left)), entry.poke.signal);
}

async function beat(deps: LoopDeps, entry: Held): Promise<'extended' | 'unanswered' | 'lost'> {
  const { clock, client } = deps;
  const left = entry.grant === null || entry.executed ? BEAT_TIMEOUT_MS : entry.grant.deadline - clock.monotonic();
  // No longer than until the next beat: one reply that never comes must not use up a short lease.
  const patience = Math.max(1_000, Math.min(BEAT_TIMEOUT_MS, intervalOf(entry)));
  const reply = await client.heartbeat(
    entry.lease.jobId,
    {
      lockToken: entry.lease.lockToken,
      ...(entry.progress === undefined ? {} : { progress: entry.progress }),
      ...(entry.stage === undefined ? {} : { stage: entry.stage }),
    },
    { timeoutMs: Math.max(50, Math.min(patience, left)) },
  );
  if (entry.released) return 'unanswered';
  if (reply.answer === 'ok') {
    entry.grant = grantOf(reply, reply.body.lockedUntil, entry.grant?.grantedMs);
    entry.unsure = false;
    const { deadline } = entry.grant;
    const { cancelRequested } = reply.body;
    deps.send({ type: 'extended', runId: entry.lease.runId, deadline, cancelRequested });
    return 'extended';
  }
  const reaction = reactionTo('heartbeat', reply.answer, reply.error?.code);
  if (reaction === 'lease-lost' || reaction === 'job-purged') {
    lose(deps, entry, reaction === 'job-purged' ? 'purged' : 'refused');
    return 'lost';
  }
  return 'unanswered';
}

function lose(deps: LoopDeps, entry: Held, because: LeaseLoss): void {
  entry.released = true;
  // Killed from here: the main loop may be the very thing that is blocked.
  for (const group of entry.groups) deps.killGroup(group);
  deps.send({ type: 'lost', runId: entry.lease.runId, because });
}
