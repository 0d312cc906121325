import { sql } from 'kysely';
import type { RetryCauseAnswer, RetryCauseRequest } from '../../shared/wire-page.ts';
import type { Context } from '../context.ts';
import { forWrite } from '../database/dialect.ts';
import { writeTransaction } from '../write-transaction.ts';
import { offerAnew } from './operate.ts';

/** So many in one transaction: others write in between. */
const AT_ONCE = 500;

/**
 * Offers again what failed of one cause up to `until`, oldest first, with all its attempts and a line of the ledger for
 * each job; what failed later, or is not failed any more, is left alone. Asked again until nothing is left.
 */
export async function retryCause(
  context: Context,
  { cause, until, elsewhere_first }: RetryCauseRequest,
  by: string,
): Promise<RetryCauseAnswer> {
  return writeTransaction(context, async (tx, now) => {
    const failed = tx
      .selectFrom('job')
      .select('job_id')
      .where('status', '=', sql.lit('failed' as const))
      .where('cause', '=', cause)
      .where('updated_at', '<=', Date.parse(until))
      .orderBy('updated_at')
      .orderBy('sequence')
      .limit(AT_ONCE);
    const ids = (await forWrite(tx, failed).execute()).map(({ job_id }) => job_id);
    await offerAnew(tx, ids, { now, by, elsewhereOf: elsewhere_first ? context : undefined });
    return { jobs: ids.length, more: ids.length === AT_ONCE };
  });
}
