import { sql } from 'kysely';
import { JOB_STATUSES } from '../../shared/job.ts';
import { recordOf } from '../../shared/objects.ts';
import type { PageState } from '../../shared/wire-page.ts';
import { iso, type Context } from '../context.ts';
import { expireLeases } from '../jobs/expire-leases.ts';
import { queueOverview } from '../jobs/queue-overview.ts';
import { lookAtFleet } from './fleet.ts';
import { waitGroups } from './waiting.ts';

const HOUR_MS = 3_600_000;
/** By how many jobs of the last hour a pace is told. */
const MOST_LATELY = 20_000;

/** The whole at a glance, read from counters: as fast with a million jobs as with ten. */
export async function pageState(context: Context): Promise<PageState> {
  await expireLeases(context);
  const fleet = await lookAtFleet(context);
  const here = fleet.filter(({ isHere }) => isHere);
  const { batches } = await queueOverview(context);
  return {
    at: iso(context.clock()),
    by_status: await byStatus(context),
    failures: await failuresOf(context),
    agents: {
      known: fleet.filter(({ row }) => row.revoked_at === null).length,
      here: here.length,
      working: here.filter(({ held }) => held > 0).length,
      running: fleet.reduce((sum, { held }) => sum + held, 0),
      slots: here.reduce((sum, { slots }) => sum + slots, 0),
    },
    completed_lately: await completedLately(context),
    waiting: await waitGroups(context, fleet),
    batches,
  };
}

async function byStatus({ database }: Context): Promise<PageState['by_status']> {
  const rows = await database.selectFrom('job_count').select(['status', 'jobs']).where('jobs', '>', 0).execute();
  const counts = recordOf(JOB_STATUSES, () => 0);
  for (const { status, jobs } of rows) counts[status] += Number(jobs);
  return counts;
}

/** By the index of failures alone. */
async function failuresOf({ database }: Context): Promise<number> {
  const { jobs } = await database
    .selectFrom('job')
    .select((select) => select.fn.countAll<number>().as('jobs'))
    .where('status', '=', sql.lit('failed' as const))
    .where('cause', 'is not', null)
    .executeTakeFirstOrThrow();
  return Number(jobs);
}

async function completedLately({ database, clock }: Context): Promise<number> {
  const { rows } = await sql<{ jobs: number }>`
    SELECT count(*) AS jobs FROM (SELECT status FROM job WHERE status IN ('completed', 'failed')
      AND updated_at > ${clock() - HOUR_MS} ORDER BY updated_at DESC LIMIT ${MOST_LATELY}) AS lately
    WHERE status = 'completed'`.execute(database);
  return Number(rows[0]?.jobs ?? 0);
}
