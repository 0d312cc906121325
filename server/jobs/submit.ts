import type { SubmitRequest } from '../../shared/wire-results.ts';
import type { Context } from '../context.ts';
import type { JobRow, Tx } from '../database/schema.ts';
import { once, type RequestIdentity } from '../idempotency/idempotency.ts';
import { record } from '../ledger/ledger.ts';
import { abandonUpload } from '../assets/abandon-upload.ts';
import { refuseWrongResult } from './check-result.ts';
import { endLease, jobForWrite, livingLease, type LeaseClaim } from './lease.ts';
import { validationFailed } from '../problem.ts';
import { isRepeat, lastReport } from './repeat.ts';
import { writeTransaction } from '../write-transaction.ts';

interface Obsolete {
  readonly refs: readonly string[];
  readonly partFiles: readonly string[];
}

/**
 * Accepts a result: the job is completed, its files are the ones listed for the asset, and what earlier attempts left
 * is superseded. A repeat of an accepted result answers the same again. A result that arrives after a cancel was asked
 * for, but before the agent heard of it, is kept: the work is done. @throws Problem 404, 409, 422, 423
 */
export async function submit(
  context: Context,
  jobId: string,
  request: SubmitRequest,
  identity: RequestIdentity,
): Promise<Record<string, never>> {
  let obsolete: Obsolete = { refs: [], partFiles: [] };
  const answer = await writeTransaction(context, (tx, now) =>
    once(tx, identity, now, async () => {
      const lease = { jobId, agentId: identity.agentId, lockToken: request.lock_token };
      const job = await jobForWrite(tx, jobId);
      if (isRepeat(job, lease, identity)) return {};
      await livingLease(tx, job, lease, context.leaseTime());
      await refuseWrongResult(tx, job, request);
      await complete(tx, job, request, lease, identity, now);
      const refs = await acceptDerived(tx, job, request, lease, now);
      obsolete = { refs, partFiles: await abandonOpenUploads(tx, jobId) };
      return {};
    }),
  );
  for (const ref of obsolete.refs) await context.files.discardDerived(ref);
  for (const name of obsolete.partFiles) await context.files.discardPart(name);
  return answer;
}

async function complete(
  tx: Tx,
  job: JobRow,
  request: SubmitRequest,
  lease: LeaseClaim,
  identity: RequestIdentity,
  now: number,
): Promise<void> {
  const { lock_token: _lockToken, ...submitted } = request;
  await endLease(tx, lease, {
    // `claimed_by` is left alone: who did it stays visible.
    status: 'completed',
    attempts: job.attempts + 1,
    not_before: null,
    failure_json: null,
    ...lastReport(lease, identity),
    updated_at: now,
  });
  const result = { job_id: job.job_id, submitted_json: JSON.stringify(submitted) };
  await tx.insertInto('job_result').values(result).execute();
  await record(tx, { at: now, event: 'jobSubmitted', ...lease });
}

/** Lists exactly the files of this result for the job. Answers the refs whose files are to be removed. */
async function acceptDerived(
  tx: Tx,
  job: JobRow,
  request: SubmitRequest,
  lease: LeaseClaim,
  now: number,
): Promise<string[]> {
  const refs = [...new Set(request.result.derived_manifest.map((entry) => entry.ref))];
  for (const [position, ref] of refs.entries()) {
    const { numUpdatedRows } = await tx
      .updateTable('derived')
      .set({ status: 'accepted', position, updated_at: now })
      .where('ref', '=', ref)
      .where('status', 'in', ['uploaded', 'accepted'])
      .executeTakeFirst();
    // Looked at a moment ago; a purge of the whole asset asks for no job.
    if (numUpdatedRows === 0n) {
      throw validationFailed([{ field: 'result.derived_manifest', message: `${ref} was purged meanwhile` }]);
    }
    await record(tx, { at: now, event: 'derivedAccepted', ...lease, detail: { ref } });
  }
  const rest = await tx
    .selectFrom('derived')
    .select('ref')
    .where('job_id', '=', job.job_id)
    .where('status', 'in', ['uploaded', 'accepted'])
    .execute();
  const superseded = rest.map((row) => row.ref).filter((ref) => !refs.includes(ref));
  for (const ref of superseded) {
    await tx.updateTable('derived').set({ status: 'superseded', updated_at: now }).where('ref', '=', ref).execute();
    await record(tx, { at: now, event: 'derivedSuperseded', ...lease, detail: { ref } });
  }
  return superseded;
}

async function abandonOpenUploads(tx: Tx, jobId: string): Promise<string[]> {
  const open = await tx
    .selectFrom('upload')
    .select('upload_id')
    .where('job_id', '=', jobId)
    .where('status', '=', 'open')
    .execute();
  const files: string[] = [];
  for (const { upload_id } of open) files.push(...(await abandonUpload(tx, upload_id)));
  return files;
}
