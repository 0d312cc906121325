import { sql } from 'kysely';
import type { Context } from './context.ts';
import { forWrite } from './database/dialect.ts';
import type { DerivedRow, Tx } from './database/schema.ts';
import type { DerivedStore } from './derived/store.ts';
import { forgetPastStates, lookAtHealth } from './health/health.ts';
import { forgetLeft } from './jobs/elsewhere.ts';
import { expireLeases } from './jobs/expire-leases.ts';
import { jobForWrite } from './jobs/lease.ts';
import { forgetLedger } from './ledger/forget.ts';
import { record } from './ledger/ledger.ts';
import { abandonUpload } from './assets/abandon-upload.ts';
import { sweepFiles } from './sweep-files.ts';
import { writeTransaction } from './write-transaction.ts';

export interface SweepResult {
  readonly leases: number;
  readonly uploads: number;
  readonly derived: number;
}

/**
 * Ends what time has ended: leases, abandoned uploads, files no result named, and records past their retention. A
 * status stands in the text of these queries: SQLite uses a partial index only where it can see the condition.
 */
export async function sweep(context: Context): Promise<SweepResult> {
  const { shared } = context;
  if (shared === null) return sweepNow(context);
  // What others have not done meanwhile, they are doing.
  return (await shared.asLeader('sweep', () => sweepNow(context))) ?? { leases: 0, uploads: 0, derived: 0 };
}

async function sweepNow(context: Context): Promise<SweepResult> {
  // First: nothing else may succeed on a full disk, and this ends that.
  await context.reserve.refill();
  const leases = await expireLeases(context);
  const uploads = await expireUploads(context);
  const derived = (await dropUnnamed(context)) + (await purgeOldDerived(context));
  await forgetOldRecords(context);
  await forgetLeft(context);
  await forgetLedger(context);
  await forgetEndedJobs(context);
  await context.files.retryDiscards();
  await sweepStore(context);
  await context.shared?.tidy();
  await lookAtHealth(context);
  return { leases, uploads, derived };
}

async function expireUploads(context: Context): Promise<number> {
  const due = await context.database
    .selectFrom('upload')
    .select(['upload_id', 'job_id', 'agent_id'])
    .where('status', '=', sql.lit('open' as const))
    .where('touched_at', '<=', context.leaseTime() - context.settings.uploadTtlMs)
    .execute();
  for (const { upload_id, job_id, agent_id } of due) {
    const files = await writeTransaction(context, async (tx, now) => {
      if (!(await isStillDue(context, tx, upload_id, job_id))) return [];
      const entry = { at: now, event: 'uploadExpired', agentId: agent_id, jobId: job_id } as const;
      await record(tx, { ...entry, detail: { upload_id } });
      return abandonUpload(tx, upload_id);
    });
    for (const name of files) await context.files.discardPart(name);
  }
  return due.length;
}

/** A part may have come, or the file been made of them, since it was looked for. */
async function isStillDue(context: Context, tx: Tx, uploadId: string, jobId: string): Promise<boolean> {
  await jobForWrite(tx, jobId);
  const upload = await tx
    .selectFrom('upload')
    .select('upload_id')
    .where('upload_id', '=', uploadId)
    .where('status', '=', 'open')
    .where('touched_at', '<=', context.leaseTime() - context.settings.uploadTtlMs)
    .executeTakeFirst();
  return upload !== undefined;
}

/** Files that were uploaded but that no accepted result named, once nobody can submit them any more. */
async function dropUnnamed(context: Context): Promise<number> {
  const due = await context.database
    .selectFrom('derived')
    .innerJoin('job', 'job.job_id', 'derived.job_id')
    .select(['derived.ref', 'derived.job_id'])
    .where('derived.status', '=', sql.lit('uploaded' as const))
    .where('job.status', '!=', 'claimed')
    .where('derived.updated_at', '<=', (await context.retention.now()) - context.settings.retentionMs)
    .execute();
  return dropDerived(context, 'uploaded', due);
}

async function purgeOldDerived(context: Context): Promise<number> {
  const { derivedRetentionMs } = context.settings;
  if (derivedRetentionMs === undefined) return 0;
  const due = await context.database
    .selectFrom('derived')
    .select(['ref', 'job_id'])
    .where('status', '=', sql.lit('accepted' as const))
    .where('updated_at', '<=', (await context.retention.now()) - derivedRetentionMs)
    .execute();
  return dropDerived(context, 'accepted', due);
}

/** Of each file only what is still as it was found: a job that was claimed since may name what nobody had named. */
async function dropDerived(
  context: Context,
  found: 'uploaded' | 'accepted',
  due: readonly Pick<DerivedRow, 'ref' | 'job_id'>[],
): Promise<number> {
  if (due.length === 0) return 0;
  const refs = await writeTransaction(context, async (tx, now) => {
    const dropped: string[] = [];
    for (const { ref, job_id } of due) {
      const { status } = await jobForWrite(tx, job_id);
      if (found === 'uploaded' && status === 'claimed') continue;
      const { numUpdatedRows } = await tx
        .updateTable('derived')
        .set({ status: 'purged', updated_at: now })
        .where('ref', '=', ref)
        .where('status', '=', found)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) continue;
      await record(tx, { at: now, event: 'derivedPurged', detail: { ref } });
      dropped.push(ref);
    }
    return dropped;
  });
  for (const ref of refs) await context.files.discardDerived(ref);
  return refs.length;
}

async function forgetOldRecords(context: Context): Promise<void> {
  const before = (await context.retention.now()) - context.settings.retentionMs;
  const { database } = context;
  const old = await database
    .selectFrom('idempotency')
    .select('created_at')
    .where('created_at', '<=', before)
    .limit(1)
    .executeTakeFirst();
  const stale = await database
    .selectFrom('upload')
    .select('upload_id')
    .where('status', '!=', sql.lit('open' as const))
    .where('touched_at', '<=', Math.min(before, context.leaseTime() - context.settings.retentionMs))
    .limit(500)
    .execute();
  const pastState = await database
    .selectFrom('health_state')
    .select('state_id')
    .where('over_at', '<=', before)
    .limit(1)
    .executeTakeFirst();
  if (old === undefined && stale.length === 0 && pastState === undefined) return;
  await writeTransaction(context, async (tx) => {
    await tx.deleteFrom('idempotency').where('created_at', '<=', before).execute();
    await forgetPastStates(tx, before);
    const ids = stale.map((row) => row.upload_id);
    if (ids.length === 0) return;
    await tx.deleteFrom('upload_part').where('upload_id', 'in', ids).execute();
    await tx.deleteFrom('upload').where('upload_id', 'in', ids).execute();
  });
}

const ENDED = [sql.lit('completed' as const), sql.lit('failed' as const)];

/** Ended jobs past their retention, once no derived file is listed for them any more. The ledger keeps its lines. */
async function forgetEndedJobs(context: Context): Promise<void> {
  const { jobRetentionMs } = context.settings;
  if (jobRetentionMs === undefined) return;
  const due = await context.database
    .selectFrom('job')
    .select('job_id')
    .where('status', 'in', ENDED)
    .where('updated_at', '<=', (await context.retention.now()) - jobRetentionMs)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('derived')
            .select('derived.ref')
            .whereRef('derived.job_id', '=', 'job.job_id')
            .where('derived.status', 'in', ['uploaded', 'accepted']),
        ),
      ),
    )
    .limit(500)
    .execute();
  const found = due.map((row) => row.job_id);
  if (found.length === 0) return;
  const partFiles = await writeTransaction(context, async (tx) => {
    const named = tx.selectFrom('job').select('job_id').where('job_id', 'in', found).where('status', 'in', ENDED);
    // Not one that somebody has begun anew meanwhile.
    const ids = (await forWrite(tx, named.orderBy('sequence')).execute()).map((row) => row.job_id);
    if (ids.length === 0) return [];
    const uploads = await tx.selectFrom('upload').select('upload_id').where('job_id', 'in', ids).execute();
    const files: string[] = [];
    for (const { upload_id } of uploads) files.push(...(await abandonUpload(tx, upload_id)));
    for (const table of ['upload', 'derived', 'job_capability', 'job_result', 'job'] as const) {
      await tx.deleteFrom(table).where('job_id', 'in', ids).execute();
    }
    return files;
  });
  for (const name of partFiles) await context.files.discardPart(name);
}

const STORE_EVERY_MS = 3_600_000;
const sweptAt = new WeakMap<DerivedStore, number>();

/** A folder is swept at a start. In a store that others serve, too, starts may be rare, and uploads of nobody cost. */
async function sweepStore({ database, files, clock, leaseTime, log }: Context): Promise<void> {
  const now = leaseTime();
  if (files.assembly.kind === 'files' || now - (sweptAt.get(files) ?? 0) < STORE_EVERY_MS) return;
  sweptAt.set(files, now);
  const removed = await sweepFiles(database, files, clock());
  if (removed > 0) log.info({ removed }, 'uploads of nobody were given up in the store');
}
