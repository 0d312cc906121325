import type { WaitReason } from '../../../shared/snapshot.ts';
import type { ActiveRuns } from '../jobs/active-runs.ts';
import type { Capabilities } from '../../work/capabilities/capabilities-port.ts';
import type { AgentServices } from '../jobs/services.ts';
import type { Yielding } from '../yield/yielding.ts';
import type { Offer } from '../server/offer.ts';
import { admit, type IntakeState } from './admission.ts';
import { considerOffers, knownType } from './offers.ts';
import { startPolling, type Poll } from './poll.ts';
import { quietByServer } from '../yield/quiet-by-server.ts';
import type { register } from './register.ts';

interface IntakeDeps {
  readonly services: AgentServices;
  readonly runs: ActiveRuns;
  readonly capabilities: Capabilities;
  readonly yielding: Pick<Yielding, 'blocksIntake' | 'look'>;
  readonly registerAgent: (declared: readonly string[], signal?: AbortSignal) => ReturnType<typeof register>;
}

/** Whether work is taken, and how much: polling, pause and drain. */
export interface Intake {
  /** Begins to poll; `ready` resolves when every capability was proved or not. */
  start(ready: Promise<void>): void;
  /** False once a drain began. */
  open(): boolean;
  /** For ever: a drain is not undone. */
  close(): void;
  /** Look at what is known again. */
  wake(): void;
  /** Ask the server now; `endedSince`: only if it was not asked since then. */
  pollNow(endedSince?: number): void;
  /** Why an offer waits, as far as can be told without looking at its file. */
  reasonOf(offer: Offer): WaitReason;
  /** Resolves when the round of polling under way at `close` is over. */
  ended(): Promise<void>;
}

/** How long the first proof that passed waits for the others. */
const OTHERS_MS = 200;

export function createIntake(deps: IntakeDeps): Intake {
  const { services, runs, capabilities } = deps;
  const closed = new AbortController();
  let poll: Poll | undefined;
  let declaration = 0;
  let mayPoll = false;
  const allowPolling = (): void => {
    mayPoll = true;
    poll?.wake();
  };
  capabilities.onChange(() => {
    declaration += 1;
    poll?.wake();
    // The others are proved a moment later where their proofs are remembered; then one poll is for all of them.
    if (!mayPoll && capabilities.declared().length > 0)
      void services.clock.sleep(OTHERS_MS, closed.signal).then(allowPolling);
  });
  // Jobs may wait for this one profile.
  capabilities.onProfile(() => poll?.wake());
  const consider = async (offers: readonly Offer[]): Promise<readonly Offer[]> => {
    // An idle agent does not look around; before it takes something it does.
    if (offers.length > 0) await deps.yielding.look();
    return considerOffers(
      {
        services,
        state: () => intakeState(deps, closed.signal),
        isActive: (jobId) => runs.has(jobId),
        take: (offer, alongside) => runs.take(offer, knownType(offer), alongside),
      },
      offers,
    );
  };
  return {
    start(ready) {
      poll = startPolling({
        services,
        declaration: () => declaration,
        mayPoll: () => mayPoll,
        consider,
        signal: closed.signal,
        register: async () => {
          const { reaction, reply } = await deps.registerAgent(capabilities.declared(), closed.signal);
          return { accepted: reaction === 'accept', reply };
        },
      });
      // A job may wait for the last proof without an event of its own.
      void ready.then(allowPolling);
    },
    open: () => !closed.signal.aborted,
    close: () => closed.abort(),
    wake: () => poll?.wake(),
    pollNow: (endedSince) => poll?.pollNow(endedSince),
    reasonOf(offer) {
      const admission = admit(offer, intakeState(deps, closed.signal));
      return admission.kind === 'wait' ? admission.reason : { kind: 'slot' };
    },
    ended: async () => poll?.ended,
  };
}

function intakeState({ services, runs, capabilities, yielding }: IntakeDeps, closed: AbortSignal): IntakeState {
  const { agent, server } = services.store.snapshot();
  const { policy } = server;
  const now = services.clock.now();
  const quiet = quietByServer(policy, now);
  // Ours count what is executed here; the server counts leases, and a job whose result is on its way holds one.
  const freeLeases = (policy?.maxParallelJobs ?? Number.POSITIVE_INFINITY) - runs.held();
  return {
    phase: closed.aborted ? 'draining' : agent.phase,
    freeSlots: Math.min(services.settings().maxParallelJobs - runs.executing(), freeLeases),
    freeLeases,
    readsAlong: (jobType, sourcePath) => runs.readsAlong(jobType, sourcePath),
    declared: new Set<string>(capabilities.declared()),
    allowedJobTypes: policy?.allowedJobTypes,
    allowedRoots: policy?.allowedRoots,
    maxSourceBytes: policy?.maxSourceBytes,
    quietUntil: quiet === null ? null : new Date(now + quiet).toISOString(),
    yielding: yielding.blocksIntake(),
    heldOffUntil: (jobId) => {
      const until = services.journal.heldOffUntil(jobId);
      return until !== undefined && until > new Date(now).toISOString() ? until : undefined;
    },
    crashes: (jobId) => services.journal.crashes(jobId),
    profileProblem: (jobType, profile) => capabilities.profileProblem(jobType, profile),
  };
}
