import type { JobRow } from '../database/schema.ts';
import { sha256 } from '../hash.ts';
import type { RequestIdentity } from '../idempotency/idempotency.ts';
import type { LeaseClaim } from './lease.ts';

interface LastReport {
  readonly last_lock_hash: string;
  readonly last_report_hash: string;
}

/** What is kept of the report that ends a lease: which lease it was, and who said what. */
export function lastReport(lease: LeaseClaim, identity: RequestIdentity): LastReport {
  return {
    last_lock_hash: sha256(lease.lockToken),
    last_report_hash: sha256(`${identity.agentId} ${identity.requestHash}`),
  };
}

/** Whether this report is, byte for byte and by the same agent, the one that ended this very lease: 200 again. */
export function isRepeat(job: JobRow, lease: LeaseClaim, identity: RequestIdentity): boolean {
  const { last_lock_hash, last_report_hash } = lastReport(lease, identity);
  return job.last_lock_hash === last_lock_hash && job.last_report_hash === last_report_hash;
}
