import type { Tx } from '../database/schema.ts';
import { sha256 } from '../hash.ts';
import type { LeaseClaim } from './lease.ts';

/** Whether this report is, byte for byte, the one that ended this very lease: its answer is then 200 again. */
export async function isRepeat(tx: Tx, lease: LeaseClaim, reportHash: string): Promise<boolean> {
  const row = await tx
    .selectFrom('job')
    .select('job_id')
    .where('job_id', '=', lease.jobId)
    .where('last_lock_hash', '=', sha256(lease.lockToken))
    .where('last_report_hash', '=', reportHash)
    .executeTakeFirst();
  return row !== undefined;
}
