import type { Clock } from '../../work/clock.ts';
import { isClockAnomaly, readClocks } from './clock-anomaly.ts';
import type { ServerClient } from '../server/client.ts';
import { reactionTo } from '../server/reactions.ts';
import { heartbeatInterval, grantOf, ASSUMED_GRANT_MS } from './grant.ts';
import type { FromLeaseThread, Grant, HeldLease, LeaseLoss, ToLeaseThread } from './messages.ts';
import { defined } from '../../../shared/objects.ts';

/** A main loop that gave no sign of life for this long is dead (protocol.md, Lease). */
const MAIN_LOOP_DEAD_MS = 120_000;
/** A heartbeat is small: what has not answered by then is asked again. */
const HEARTBEAT_TIMEOUT_MS = 10_000;
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

interface LeaseEntry {
  readonly lease: HeldLease;
  grant: Grant | null;
  executed: boolean;
  unsure: boolean;
  progress?: number;
  stage?: string;
  groups: readonly number[];
  wakeUp: AbortController;
  /** Aborted with the release, or the loss: nothing is waited for any more. */
  readonly over: AbortController;
}

/** Keeps leases alive from outside the main loop: one heartbeat loop per lease, ended by release or loss. */
export function createLeaseLoop(deps: LoopDeps): { receive(message: ToLeaseThread): void } {
  const { clock } = deps;
  const held = new Map<string, LeaseEntry>();
  let lastMessageAt = clock.monotonic();

  const receive = (message: ToLeaseThread): void => {
    lastMessageAt = clock.monotonic();
    if (message.type === 'alive' || message.type === 'credentials') return;
    if (message.type === 'hold') {
      const entry = newEntry(message.lease);
      held.set(message.lease.runId, entry);
      const watchdog: MainLoopWatchdog = {
        expired: () => clock.monotonic() - lastMessageAt > MAIN_LOOP_DEAD_MS,
        reset: () => {
          lastMessageAt = clock.monotonic();
        },
      };
      void keepAlive(deps, entry, watchdog).finally(() => {
        if (held.get(message.lease.runId) === entry) held.delete(message.lease.runId);
      });
      return;
    }
    const entry = held.get(message.runId);
    if (entry !== undefined) change(entry, message);
  };
  return { receive };
}

function newEntry(lease: HeldLease): LeaseEntry {
  return {
    lease,
    grant: lease.grant,
    executed: lease.executed,
    unsure: lease.grant === null,
    groups: [],
    wakeUp: new AbortController(),
    over: new AbortController(),
  };
}

function change(entry: LeaseEntry, message: Exclude<ToLeaseThread, { type: 'hold' | 'credentials' | 'alive' }>): void {
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
    case 'heartbeat-now':
      entry.unsure = true;
      entry.wakeUp.abort();
      return;
    case 'release':
      entry.over.abort();
      entry.wakeUp.abort();
      return;
  }
}

/** The main loop, as far as it can be seen from here. */
interface MainLoopWatchdog {
  expired(): boolean;
  /** After sleep its silence says nothing. */
  reset(): void;
}

async function keepAlive(deps: LoopDeps, entry: LeaseEntry, watchdog: MainLoopWatchdog): Promise<void> {
  const { clock } = deps;
  let failures = 0;
  let lastHeartbeatAt = Number.NEGATIVE_INFINITY;
  let seen = readClocks(clock);
  const { signal } = entry.over;
  while (!signal.aborted) {
    if (!entry.unsure || failures > 0) await wait(clock, entry, failures);
    await clock.sleep(Math.max(0, lastHeartbeatAt + MIN_APART_MS - clock.monotonic()), signal);
    if (signal.aborted) return;
    const now = readClocks(clock);
    if (isClockAnomaly(seen, now)) {
      watchdog.reset();
      markUnsure(deps, entry);
    }
    seen = now;
    if (watchdog.expired()) return reportLoss(deps, entry, 'main-loop-dead');
    if (isPast(clock, entry)) {
      if (!entry.executed) return reportLoss(deps, entry, 'deadline');
      markUnsure(deps, entry);
    }
    lastHeartbeatAt = clock.monotonic();
    const result = await sendHeartbeat(deps, entry);
    if (result === 'lost') return;
    failures = result === 'extended' ? 0 : failures + 1;
  }
}

/** ms; a lease kept from before a restart counts as one of unknown length. */
const intervalOf = ({ grant }: LeaseEntry): number => heartbeatInterval(grant?.grantedMs ?? ASSUMED_GRANT_MS);

const isPast = (clock: Clock, entry: LeaseEntry): boolean =>
  entry.grant !== null && clock.monotonic() >= entry.grant.deadline;

function markUnsure(deps: LoopDeps, entry: LeaseEntry): void {
  if (entry.unsure) return;
  entry.unsure = true;
  deps.send({ type: 'unsure', runId: entry.lease.runId });
}

/** Waits for the next heartbeat, but never beyond the deadline of a running job. */
async function wait(clock: Clock, entry: LeaseEntry, failures: number): Promise<void> {
  entry.wakeUp = new AbortController();
  const interval = intervalOf(entry);
  // A lease that can still be saved is asked about more often than one whose deadline has passed. After a restart
  // that is not known: the pause is a fifth of the time spent asking.
  const unknown = entry.grant === null;
  const longest = unknown || (entry.executed && isPast(clock, entry)) ? MAX_APART_MS : interval / 2;
  const grown = MIN_APART_MS * (unknown ? 1.25 : 2) ** failures;
  const pause = failures === 0 ? interval : Math.max(MIN_APART_MS, Math.min(longest, grown));
  const left = entry.grant === null || entry.executed ? pause : entry.grant.deadline - clock.monotonic();
  await clock.sleep(Math.max(0, Math.min(pause, left)), entry.wakeUp.signal);
}

async function sendHeartbeat(deps: LoopDeps, entry: LeaseEntry): Promise<'extended' | 'unanswered' | 'lost'> {
  const { clock, client } = deps;
  const left = entry.grant === null || entry.executed ? HEARTBEAT_TIMEOUT_MS : entry.grant.deadline - clock.monotonic();
  // No longer than until the next heartbeat: one reply that never comes must not use up a short lease.
  const timeoutMs = Math.max(1_000, Math.min(HEARTBEAT_TIMEOUT_MS, intervalOf(entry)));
  const reply = await client.heartbeat(
    entry.lease.jobId,
    {
      lockToken: entry.lease.lockToken,
      ...defined({ progress: entry.progress, stage: entry.stage }),
    },
    { timeoutMs: Math.max(50, Math.min(timeoutMs, left)) },
  );
  if (entry.over.signal.aborted) return 'unanswered';
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
    reportLoss(deps, entry, reaction === 'job-purged' ? 'purged' : 'refused');
    return 'lost';
  }
  return 'unanswered';
}

function reportLoss(deps: LoopDeps, entry: LeaseEntry, because: LeaseLoss): void {
  entry.over.abort();
  // Killed from here: the main loop may be the very thing that is blocked.
  for (const group of entry.groups) deps.killGroup(group);
  deps.send({ type: 'lost', runId: entry.lease.runId, because });
}
