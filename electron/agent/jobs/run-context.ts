import type { JobProcesses } from '../../work/process/child.ts';
import type { Lease } from '../lease/leases.ts';
import type { ClaimedRun } from './claim.ts';
import type { AgentServices } from './services.ts';

/** Why a running job is stopped from here; the server's own wish arrives by heartbeat. */
export type StopReason = 'CANCELLED' | 'AGENT_SHUTDOWN' | 'PREEMPTED';

/** One run from its claim to its report: what the agent has for all of them, and what is this one's. */
export interface RunContext extends AgentServices {
  readonly run: ClaimedRun;
  readonly lease: Lease;
  readonly processes: JobProcesses;
  /** Aborted to stop the work: with a StopReason, or with the LeaseLoss. */
  readonly stop: AbortSignal;
  /** Aborted when the agent exits. */
  readonly stopping: AbortSignal;
}

/** What bringing an outcome to the server needs of it. */
export interface DeliveryContext extends Pick<
  RunContext,
  'client' | 'clock' | 'connection' | 'jobLogs' | 'journal' | 'lease' | 'log' | 'run' | 'store' | 'workFolder'
> {
  /** Ends the delivery; what is unfinished stays in the journal. */
  readonly signal: AbortSignal;
}
