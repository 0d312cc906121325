import { sql, type Updateable } from 'kysely';
import type { OperateAnswer, OperateRequest } from '../../shared/wire.ts';
import type { Context } from '../context.ts';
import { forWrite } from '../database/dialect.ts';
import type { JobRow, JobTable, Tx } from '../database/schema.ts';
import { record, type LedgerEvent } from '../ledger/ledger.ts';
import { validationFailed } from '../problem.ts';
import { NO_FAILURE } from './failure-columns.ts';
import { CANCELLED, CANCELLED_FAILURE } from './lease.ts';
import { writeTransaction } from '../write-transaction.ts';

/** What becomes of a job, and what is written down about it. */
interface Step {
  readonly event: LedgerEvent;
  readonly changes: Updateable<JobTable>;
}

const OFFERED_AGAIN: Updateable<JobTable> = { status: 'pending', ...NO_FAILURE };

/** One operation of a person on many jobs, in one transaction; what is not as it must be is left alone. @throws Problem 422 */
export async function operateJobs(context: Context, request: OperateRequest, by: string): Promise<OperateAnswer> {
  const { operation, job_ids, priority } = request;
  if ((priority !== undefined) !== (operation === 'priority')) {
    throw validationFailed([{ field: 'priority', message: 'goes with the operation “priority”, and with no other' }]);
  }
  return writeTransaction(context, async (tx, now) => {
    // In one order, so that two of these never wait for each other.
    const named = tx.selectFrom('job').selectAll().where('job_id', 'in', job_ids).orderBy('sequence');
    const rows = (await forWrite(tx, named).execute()).filter(fits(request));
    const step = await stepOf(tx, request);
    // One statement: what it takes is the same for all.
    const ids = rows.map(({ job_id }) => job_id);
    if (ids.length > 0) {
      await tx
        .updateTable('job')
        .set({ ...step.changes, updated_at: now })
        .where('job_id', 'in', ids)
        .execute();
      await record(tx, ...rows.map((row) => ({ ...entryOf(row, step, now), operator: by })));
    }
    return { jobs: rows.map(({ job_id, priority: was }) => ({ job_id, priority: was })) };
  });
}

function fits({ operation }: OperateRequest): (job: JobRow) => boolean {
  if (operation === 'uncancel') return (job) => job.status === 'failed' && job.failure_json === CANCELLED_FAILURE;
  if (operation === 'hold') return ({ status, held }) => status === 'pending' && held === 0;
  if (operation === 'release') return ({ status, held }) => status === 'pending' && held === 1;
  return ({ status }) => status === 'pending';
}

async function stepOf(tx: Tx, { operation, job_ids, priority = 0 }: OperateRequest): Promise<Step> {
  switch (operation) {
    case 'cancel':
      return { event: 'jobCancelled', changes: CANCELLED };
    case 'uncancel':
      return { event: 'jobRetried', changes: OFFERED_AGAIN };
    case 'hold':
      return { event: 'jobHeld', changes: { held: 1 } };
    case 'release':
      return { event: 'jobReleased', changes: { held: 0 } };
    case 'priority':
      return { event: 'priorityChanged', changes: { priority } };
    case 'first':
    case 'last':
      return { event: 'priorityChanged', changes: { priority: await priorityAt(tx, operation, job_ids) } };
  }
}

/** Before, or behind, every other job that waits. */
async function priorityAt(tx: Tx, end: 'first' | 'last', jobIds: readonly string[]): Promise<number> {
  const { least, most } = await tx
    .selectFrom('job')
    .select((select) => [
      select.fn.min<number | null>('priority').as('least'),
      select.fn.max<number | null>('priority').as('most'),
    ])
    .where('status', '=', sql.lit('pending' as const))
    .where('job_id', 'not in', jobIds)
    .executeTakeFirstOrThrow();
  return end === 'first' ? Number(most ?? -1) + 1 : Number(least ?? 1) - 1;
}

function entryOf({ job_id, priority }: JobRow, { event, changes }: Step, now: number) {
  const detail = changes.priority === undefined ? {} : { from: priority, to: changes.priority };
  return { at: now, event, jobId: job_id, detail };
}
