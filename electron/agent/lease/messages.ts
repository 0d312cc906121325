import type { Credentials } from '../server/client.ts';
import type { NetworkFacts } from '../server/network-fetch.ts';

/** What the main loop tells the lease thread. Times are monotonic ms, which all threads of a process share. */
export type ToLeaseThread =
  | { readonly type: 'hold'; readonly lease: HeldLease }
  | { readonly type: 'note'; readonly runId: string; readonly progress?: number; readonly stage?: string }
  | { readonly type: 'groups'; readonly runId: string; readonly groups: readonly number[] }
  /** Execution is over: nothing runs any more, so a passed deadline is a question, not a loss. */
  | { readonly type: 'executed'; readonly runId: string }
  | { readonly type: 'heartbeat-now'; readonly runId: string }
  | { readonly type: 'release'; readonly runId: string }
  | { readonly type: 'credentials'; readonly credentials: Credentials }
  | { readonly type: 'alive' };

export type FromLeaseThread =
  | { readonly type: 'extended'; readonly runId: string; readonly deadline: number; readonly cancelRequested: boolean }
  /** The deadline passed after execution, or the machine slept: a heartbeat has to decide. */
  | { readonly type: 'unsure'; readonly runId: string }
  | { readonly type: 'lost'; readonly runId: string; readonly because: LeaseLoss };

export type LeaseLoss = 'refused' | 'purged' | 'deadline' | 'main-loop-dead';

/** The reason a lease was lost, from its aborted signal: leases.ts aborts it with nothing else. */
export function lossOf(signal: AbortSignal): LeaseLoss {
  return signal.reason as LeaseLoss;
}

export interface HeldLease {
  readonly runId: string;
  readonly jobId: string;
  readonly lockToken: string;
  /** Null: not known (after a restart); a heartbeat decides before anything else. */
  readonly grant: Grant | null;
  readonly executed: boolean;
}

export interface Grant {
  /** Monotonic ms after which the lease counts as lost. */
  readonly deadline: number;
  /** ms the server granted; the rhythm of the heartbeats follows it. */
  readonly grantedMs: number;
}

export interface LeaseThreadData {
  readonly serverUrl: string;
  readonly credentials: Credentials;
  /** How the server is reached, as from the main loop. */
  readonly network: NetworkFacts;
}
