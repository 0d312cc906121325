import type { Clock } from '../clock.ts';
import type { ServerClient } from '../server/client.ts';
import { reactionTo } from '../server/reactions.ts';
import { beatInterval, grantOf } from './grant.ts';
import type { FromLeaseThread, Grant, HeldLease, LeaseLoss, ToLeaseThread } from './messages.ts';

/** A main loop that gave no sign of life for this long is dead (protocol.md, Lease). */
const MAIN_LOOP_DEAD_MS = 120_000;
/** More difference than this between the clocks means that the machine slept or a clock was set. */
const ANOMALY_MS = 2_000;
/** A heartbeat is small: what has not answered by then is asked again. */
const BEAT_TIMEOUT_MS = 10_000;
const MIN_WAIT_MS = 500;

interface LoopDeps {
  readonly client: Pick<ServerClient, 'heartbeat'>;
  readonly clock: Clock;
  readonly send: (message: FromLeaseThread) => void;
  /** KILL to a process group; must not throw. */
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
      void keep(deps, entry, () => clock.monotonic() - lastSign > MAIN_LOOP_DEAD_MS).finally(() => {
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
      entry.poke.abort();
      return;
  }
}

/** Clock readings whose differences stay constant unless the machine slept or somebody set the clock. */
interface Readings {
  readonly asleep: number;
  readonly wallOffset: number;
}

const readings = (clock: Clock): Readings => ({
  asleep: clock.asleepMs(),
  wallOffset: clock.now() - clock.monotonic(),
});

const isAnomaly = (a: Readings, b: Readings): boolean =>
  Math.abs(a.asleep - b.asleep) > ANOMALY_MS || Math.abs(a.wallOffset - b.wallOffset) > ANOMALY_MS;

async function keep(deps: LoopDeps, entry: Held, mainLoopIsDead: () => boolean): Promise<void> {
  const { clock } = deps;
  let failures = 0;
  let seen = readings(clock);
  while (!entry.released) {
    if (!entry.unsure) await wait(clock, entry, failures);
    if (entry.released) return;
    if (mainLoopIsDead()) return lose(deps, entry, 'main-loop-dead');
    const now = readings(clock);
    if (isAnomaly(seen, now)) doubt(deps, entry);
    seen = now;
    if (isPast(clock, entry)) {
      if (!entry.executed) return lose(deps, entry, 'deadline');
      doubt(deps, entry);
    }
    const result = await beat(deps, entry);
    if (result === 'lost' || entry.released) return;
    failures = result === 'extended' ? 0 : failures + 1;
    // While unsure, failed beats must not spin: the same pause as between ordinary tries.
    if (entry.unsure && failures > 0) await wait(clock, entry, failures);
  }
}

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
  const interval = beatInterval(entry.grant?.grantedMs ?? 0);
  const pause = failures === 0 ? interval : Math.max(MIN_WAIT_MS, Math.min(interval / 2, MIN_WAIT_MS * 2 ** failures));
  const left = entry.grant === null || entry.executed ? pause : entry.grant.deadline - clock.monotonic();
  await clock.sleep(Math.max(0, Math.min(pause, left)), entry.poke.signal);
}

async function beat(deps: LoopDeps, entry: Held): Promise<'extended' | 'unanswered' | 'lost'> {
  const { clock, client } = deps;
  const left = entry.grant === null || entry.executed ? BEAT_TIMEOUT_MS : entry.grant.deadline - clock.monotonic();
  const reply = await client.heartbeat(
    entry.lease.jobId,
    {
      lock_token: entry.lease.lockToken,
      ...(entry.progress === undefined ? {} : { progress: entry.progress }),
      ...(entry.stage === undefined ? {} : { stage: entry.stage }),
    },
    { timeoutMs: Math.max(50, Math.min(BEAT_TIMEOUT_MS, left)) },
  );
  if (entry.released) return 'unanswered';
  if (reply.answer === 'ok') {
    entry.grant = grantOf(reply, reply.body.locked_until, entry.grant?.grantedMs);
    entry.unsure = false;
    const { deadline } = entry.grant;
    const cancelRequested = reply.body.cancel_requested ?? false;
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
