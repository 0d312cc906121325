import type { Updateable } from 'kysely';
import type { SubmitRequest } from '../../shared/wire-results.ts';
import { abandonUpload } from '../assets/abandon-upload.ts';
import type { Context } from '../context.ts';
import { forWrite, type Write } from '../database/dialect.ts';
import type { DerivedRow, JobRow, JobTable, Tables, Tx } from '../database/schema.ts';
import { newKey, type RequestIdentity } from '../idempotency/idempotency.ts';
import { newLines } from '../ledger/ledger.ts';
import { writeTransaction } from '../write-transaction.ts';
import { refuseWrongResult } from './check-result.ts';
import { NO_FAILURE } from './failure-columns.ts';
import { endLease, jobOfReport, type LeaseClaim } from './lease.ts';
import { lastReport } from './repeat.ts';

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
  const answer = await writeTransaction(context, async (tx, now) => {
    const claim = { jobId, agentId: identity.agentId, lockToken: request.lock_token };
    const report = await jobOfReport(tx, claim, identity, context.leaseTime());
    // As it was kept here.
    if (report.kind === 'repeat') return report.answer as Record<string, never>;
    const files = await filesOf(tx, jobId);
    refuseWrongResult(report.job, files.derived, request);
    const refs = [...new Set(request.result.derived_manifest.map((entry) => entry.ref))];
    const superseded = files.derived.map(({ ref }) => ref).filter((ref) => !refs.includes(ref));
    await endLease(tx, claim, completed(report.job, claim, identity, now), [
      ...newResult(tx, request, claim, { now, accepted: refs, superseded }),
      ...newKey(tx, identity, now, {}),
    ]);
    obsolete = { refs: superseded, partFiles: await abandonUploads(tx, files.openUploads) };
    return {};
  });
  for (const ref of obsolete.refs) await context.files.discardDerived(ref);
  for (const name of obsolete.partFiles) await context.files.discardPart(name);
  return answer;
}

/** `claimed_by` is left alone: who did it stays visible. */
function completed(job: JobRow, claim: LeaseClaim, identity: RequestIdentity, now: number): Updateable<JobTable> {
  return {
    status: 'completed',
    attempts: job.attempts + 1,
    not_before: null,
    ...NO_FAILURE,
    ...lastReport(claim, identity),
    updated_at: now,
  };
}

interface Files {
  /** What was uploaded for the job and not replaced or purged since; nobody purges it until this transaction has ended. */
  readonly derived: readonly DerivedRow[];
  readonly openUploads: readonly string[];
}

async function filesOf(tx: Tx, jobId: string): Promise<Files> {
  const { derived, open } = await tx
    .selectNoFrom((select) => [
      select
        .selectFrom('derived')
        .select((of) => of.fn.countAll<number>().as('files'))
        .where('job_id', '=', jobId)
        .where('status', 'in', ['uploaded', 'accepted'])
        .as('derived'),
      select
        .selectFrom('upload')
        .select((of) => of.fn.countAll<number>().as('uploads'))
        .where('job_id', '=', jobId)
        .where('status', '=', 'open')
        .as('open'),
    ])
    .executeTakeFirstOrThrow();
  // Most jobs have neither, or one of both; the job is locked, so that nothing is added meanwhile.
  return {
    derived: Number(derived) === 0 ? [] : await derivedOf(tx, jobId),
    openUploads: Number(open) === 0 ? [] : await openUploadsOf(tx, jobId),
  };
}

async function derivedOf(tx: Tx, jobId: string): Promise<DerivedRow[]> {
  const named = tx.selectFrom('derived').selectAll().where('job_id', '=', jobId);
  return forWrite(tx, named.where('status', 'in', ['uploaded', 'accepted'])).execute();
}

async function openUploadsOf(tx: Tx, jobId: string): Promise<string[]> {
  const open = tx.selectFrom('upload').select('upload_id').where('job_id', '=', jobId).where('status', '=', 'open');
  return (await open.execute()).map(({ upload_id }) => upload_id);
}

interface Listed {
  readonly now: number;
  /** In the order of the manifest. */
  readonly accepted: readonly string[];
  readonly superseded: readonly string[];
}

/** Keeps the result, and lists exactly its files for the job. */
function newResult(
  tx: Tx,
  { lock_token: _lockToken, ...submitted }: SubmitRequest,
  claim: LeaseClaim,
  { now, accepted, superseded }: Listed,
): Write[] {
  const result = { job_id: claim.jobId, submitted_json: JSON.stringify(submitted) };
  const lines = [
    { event: 'jobSubmitted' as const },
    ...accepted.map((ref) => ({ event: 'derivedAccepted' as const, detail: { ref } })),
    ...superseded.map((ref) => ({ event: 'derivedSuperseded' as const, detail: { ref } })),
  ];
  const become = (ref: string, state: Updateable<Tables['derived']>) =>
    tx
      .updateTable('derived')
      .set({ ...state, updated_at: now })
      .where('ref', '=', ref);
  return [
    tx.insertInto('job_result').values(result),
    newLines(tx, ...lines.map((line) => ({ at: now, ...claim, ...line }))),
    ...accepted.map((ref, position) => become(ref, { status: 'accepted', position })),
    ...superseded.map((ref) => become(ref, { status: 'superseded' })),
  ];
}

async function abandonUploads(tx: Tx, uploads: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const uploadId of uploads) files.push(...(await abandonUpload(tx, uploadId)));
  return files;
}
