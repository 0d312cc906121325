import type { Updateable } from 'kysely';
import { FAILURES, isFailureCode } from '../../shared/failure.ts';
import type { FailRequest } from '../../shared/wire.ts';
import type { Context } from '../context.ts';
import type { JobRow, JobTable } from '../database/schema.ts';
import { newKey, type RequestIdentity } from '../idempotency/idempotency.ts';
import { newLines, type LedgerEvent } from '../ledger/ledger.ts';
import { failureColumns } from './failure-columns.ts';
import { CANCELLED, endLease, jobOfReport } from './lease.ts';
import { lastReport } from './repeat.ts';
import { writeTransaction } from '../write-transaction.ts';

interface Verdict {
  readonly event: LedgerEvent;
  readonly changes: Updateable<JobTable>;
}

/** Ends a lease without a result; the server decides what becomes of the job. @throws Problem 404, 409, 422, 423 */
export async function fail(
  context: Context,
  jobId: string,
  request: FailRequest,
  identity: RequestIdentity,
): Promise<Record<string, never>> {
  return writeTransaction(context, async (tx, now) => {
    const claim = { jobId, agentId: identity.agentId, lockToken: request.lock_token };
    const report = await jobOfReport(tx, claim, identity, context.leaseTime());
    // As it was kept here.
    if (report.kind === 'repeat') return report.answer as Record<string, never>;
    const { event, changes } = verdict(context, report, request, claim.agentId);
    const { error_code, retryable } = request;
    const final = event === 'jobFailed' && changes.status === 'failed' ? { final: true } : {};
    const detail = { error_code, retryable, attempts: changes.attempts ?? report.job.attempts, ...final };
    const free = { claimed_by: null, ...changes, ...lastReport(claim, identity), updated_at: now };
    await endLease(tx, claim, free, [
      newLines(tx, { at: now, event, ...claim, detail }),
      ...newKey(tx, identity, now, {}),
    ]);
    return {};
  });
}

/**
 * protocol.md, Failures: a cancel ends the job whatever is said; what is given back costs no attempt and waits for
 * nothing; a retryable failure waits until its attempts are used up. A code this server does not know is taken at
 * its word.
 */
function verdict(
  context: Context,
  { job, cancelRequested }: { readonly job: JobRow; readonly cancelRequested: boolean },
  request: FailRequest,
  agentId: string,
): Verdict {
  if (cancelRequested || request.error_code === 'CANCELLED') {
    return { event: 'jobCancelled', changes: CANCELLED };
  }
  const { error_code, retryable } = request;
  const failure = failureColumns(request, agentId);
  if (retryable && !countsAsAttempt(error_code)) {
    return { event: 'jobGivenBack', changes: { status: 'pending', ...failure, not_before: null } };
  }
  const attempts = job.attempts + 1;
  if (retryable && attempts < job.max_attempts) {
    const not_before = context.leaseTime() + context.settings.backoffMs(attempts);
    return { event: 'jobFailed', changes: { status: 'pending', attempts, ...failure, not_before } };
  }
  return { event: 'jobFailed', changes: { status: 'failed', attempts, ...failure, not_before: null } };
}

function countsAsAttempt(code: string): boolean {
  return !isFailureCode(code) || FAILURES[code].countsAsAttempt;
}
