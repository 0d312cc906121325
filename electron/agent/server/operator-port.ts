import type { Refusal } from '../../../shared/failure.ts';
import type { Operation } from '../../../shared/job.ts';
import type { QueueOverview } from '../../../shared/snapshot.ts';
import type { OfferList } from './offer.ts';

/** Another port to the embedded server, where there is one: what only its operator may do. */
export interface OperatorPort {
  /** Null when it was done, else why not. */
  retry(jobId: string): Promise<Refusal | null>;
  /** The same for a job that nobody has begun with. */
  cancelPending(jobId: string): Promise<Refusal | null>;
  /** Waiting jobs of all that the server has, also those that were never offered here. */
  searchQueue(wanted: QueueSearch): Promise<OfferList>;
  /** Answers the jobs that were changed, with the priority they had: what it takes to undo it. */
  operate(asked: QueueOperation): Promise<readonly { readonly jobId: string; readonly priority: number }[]>;
  queue(): Promise<QueueOverview>;
  /** Derived files of the embedded server are read in its operator's scope, not with an agent's token. */
  openDerived(assetUuid: string, ref: string, range?: string): Promise<Response>;
}

export interface QueueSearch {
  readonly search?: string | undefined;
  /** Only those on hold, or only the others. */
  readonly held?: boolean | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

interface QueueOperation {
  readonly operation: Operation;
  readonly jobIds: readonly string[];
  /** With `priority` only. */
  readonly priority?: number | undefined;
}
