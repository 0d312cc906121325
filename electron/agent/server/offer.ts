import type { ParsedJob } from '../../../shared/job.ts';

/** A job as a server offers it, in our own words. */
export interface Offer {
  readonly jobId: string;
  /** May be a type that is not known here. */
  readonly jobType: string;
  /** '' where the server says none that could be used; `job` then says why. */
  readonly assetUuid: string;
  readonly sourcePath: string;
  readonly priority: number;
  readonly isPending: boolean;
  /** A person put it on hold. */
  readonly isHeld: boolean;
  /** The job itself, or why it is none. */
  readonly job: ParsedJob;
}

/** What a claim gives. Without a token it is no lease. */
export interface ClaimAnswer {
  readonly offer: Offer;
  readonly lockToken: string | undefined;
  /** ISO instant by the server's clock. */
  readonly lockedUntil: string | undefined;
}

/** A page of offers; `total` are on all pages. */
export interface OfferList {
  readonly offers: readonly Offer[];
  readonly total: number;
  readonly nextCursor: string | undefined;
}
