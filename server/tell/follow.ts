import {
  SERVER_HEALTH_CODES,
  HEALTH_STATES,
  healthNext,
  healthTitle,
  type HealthDetail,
} from '../../shared/health-states.ts';
import { iso, type Context } from '../context.ts';
import type { Tx } from '../database/schema.ts';
import { endOfLedger, readLedger, type LedgerEntry } from '../ledger/ledger.ts';
import { gather, tellGathered, type Ended } from './gather.ts';
import type { Message } from './message.ts';
import { putOut, forgetUntold } from './outbox.ts';
import type { TellTarget } from './tell-file.ts';

/** Lines of the ledger in one transaction. */
const LINES = 500;
/** What is older is not told any more: it was off, or away, for so long. */
export const OLDEST_MS = 86_400_000;

/**
 * Goes on in the ledger, and puts what there is to tell into the outbox of each target, in the transaction that moves
 * the cursor. Answers whether there may be more. One process at a time does it.
 */
export async function followLedger(
  context: Context,
  targets: readonly TellTarget[],
  gatherMs: number,
): Promise<boolean> {
  const work = (tx: Tx) => step(context, tx, targets, gatherMs);
  if (context.shared === null) return context.database.transaction().execute(work);
  return (await context.shared.asLeader('tell', work)) ?? false;
}

async function step(context: Context, tx: Tx, targets: readonly TellTarget[], gatherMs: number): Promise<boolean> {
  const row = await tx.selectFrom('tell_cursor').select('sequence').where('id', '=', 1).executeTakeFirst();
  if (row === undefined) {
    // What happened before somebody wanted to be told is no news.
    await tx
      .insertInto('tell_cursor')
      .values({ id: 1, sequence: await endOfLedger(tx) })
      .execute();
    return false;
  }
  const now = context.clock();
  const lines = await readLedger(tx, { after: row.sequence, limit: LINES });
  const news = lines.filter(({ at }) => at > now - OLDEST_MS);
  await gather(tx, await endsOf(tx, news), now + gatherMs);
  for (const line of news) {
    const message = stateMessage(line);
    if (message !== null) await putOut(context, tx, targets, message);
  }
  const last = lines.at(-1)?.sequence;
  if (last !== undefined) await tx.updateTable('tell_cursor').set({ sequence: last }).where('id', '=', 1).execute();
  if (lines.length === LINES) return true;
  // Only now is it known that nothing of a batch that ended stands in lines that were not looked at.
  for (const message of await tellGathered(tx, last ?? row.sequence, now, gatherMs))
    await putOut(context, tx, targets, message);
  await forgetUntold(context, tx, now - OLDEST_MS);
  return false;
}

/** Jobs that are over by these lines: done, failed for good, cancelled. */
async function endsOf(tx: Tx, lines: readonly LedgerEntry[]): Promise<readonly Ended[]> {
  const ends = lines.filter(
    ({ event, detail }) =>
      event === 'jobSubmitted' || event === 'jobCancelled' || (event === 'jobFailed' && detail['final'] === true),
  );
  if (ends.length === 0) return [];
  const rows = await tx
    .selectFrom('job')
    .leftJoin('asset', 'asset.uuid', 'job.asset_uuid')
    .select(['job.job_id', 'job.job_type', 'job.batch', 'job.cause', 'job.failure_json', 'asset.source_path'])
    .where('job.job_id', 'in', [...new Set(ends.map(({ jobId }) => jobId ?? ''))])
    .execute();
  const jobs = new Map(rows.map((row) => [row.job_id, row]));
  return ends.flatMap(({ sequence, event, jobId, detail }) => {
    const job = jobs.get(jobId ?? '');
    if (job === undefined) return [];
    const code = String(detail['error_code'] ?? '');
    // Somebody may have offered it again meanwhile: then only the ledger knows its code.
    const failure =
      event === 'jobFailed' ? { code, cause: job.cause ?? code, message: messageOf(job.failure_json) } : null;
    return [{ sequence, batch: job.batch, jobType: job.job_type, sourcePath: job.source_path ?? '', failure }];
  });
}

function messageOf(failureJson: string | null): string {
  if (failureJson === null) return '';
  // As failureColumns wrote it.
  return (JSON.parse(failureJson) as { readonly message: string }).message;
}

/** Of a state that began to be told, or that is over. */
function stateMessage({ event, at, detail }: LedgerEntry): Message | null {
  if (event !== 'stateBegan' && event !== 'stateEnded') return null;
  const code = SERVER_HEALTH_CODES.find((each) => each === detail['code']);
  if (code === undefined) return null;
  // As lookAtHealth wrote it.
  const of = detail['of'] as HealthDetail;
  const { state_id, subject, since } = detail;
  const title = healthTitle(code, of);
  const more = event === 'stateBegan' ? { next: healthNext(code, of) } : {};
  const data = { state: code, severity: HEALTH_STATES[code].severity, state_id, subject, since, ...more, detail: of };
  return {
    type: event,
    timestamp: iso(at),
    data: { title: event === 'stateBegan' ? title : `Over: ${title}`, ...data },
  };
}
