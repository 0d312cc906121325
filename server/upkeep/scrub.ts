import type { Context } from '../context.ts';
import { jobForWrite } from '../jobs/lease.ts';
import { offerAnew } from '../jobs/operate.ts';
import { record } from '../ledger/ledger.ts';
import { stateConflict } from '../problem.ts';
import { writeTransaction } from '../write-transaction.ts';
import { checkFiles, type CheckSummary, type Finding } from './check.ts';

/** What became of a fault: its job is offered again, or goes on as it is. */
type Scrubbed = Extract<Finding, { kind: 'derived' }> & { readonly job: 'offered again' | 'left as it is' };

interface ScrubSummary extends CheckSummary {
  /** Jobs that are offered again. */
  readonly jobs: number;
}

/**
 * Finds derived files that are missing or damaged, forgets them, and offers the jobs that made them again, with all
 * their attempts; what else such a job has made stays listed until its new result is accepted. A file that cannot be
 * read just now (a share that is away) is told and left alone, and so is one of a job that is claimed and may still be
 * submitted. What no row has named for a day is removed. `by`: stands in the ledger.
 */
export async function* scrubFiles(
  context: Context,
  { hashes, force }: { readonly hashes: boolean; readonly force: boolean },
  by: string | null,
): AsyncGenerator<Finding | Scrubbed, ScrubSummary> {
  if (!force) await refuseManyLost(context);
  let jobs = 0;
  const findings = checkFiles(context, hashes);
  for (;;) {
    const next = await findings.next();
    if (next.done === true) return { ...next.value, jobs };
    const finding = next.value;
    if (finding.kind === 'orphan') await context.files.discardDerived(finding.ref);
    if (finding.kind === 'orphan' || finding.fault === 'unreadable') {
      yield finding;
      continue;
    }
    const isOffered = await offerAgain(context, finding, by);
    if (isOffered) jobs += 1;
    yield { ...finding, job: isOffered ? 'offered again' : 'left as it is' };
  }
}

/** More than a tenth of all files is no damage, but a folder or a share that is not there. */
const MOST_LOST = 0.1;
const FEW = 10;

/** @throws Problem 409 */
async function refuseManyLost(context: Context): Promise<void> {
  const findings = checkFiles(context, false);
  for (;;) {
    const next = await findings.next();
    if (next.done !== true) continue;
    const { files, faults } = next.value;
    if (faults <= Math.max(FEW, MOST_LOST * files)) return;
    throw stateConflict(
      `Of ${files} derived files ${faults} are missing, as if their folder were not there; nothing was changed. ` +
        'Where they are really lost, say so by force.',
      { files, faults },
    );
  }
}

async function offerAgain(
  context: Context,
  { ref, job_id, fault, kept }: Extract<Finding, { kind: 'derived' }>,
  by: string | null,
): Promise<boolean> {
  const outcome = await writeTransaction(context, async (tx, now) => {
    const job = await jobForWrite(tx, job_id);
    if (job.status === 'claimed') return 'claimed';
    const { numUpdatedRows } = await tx
      .updateTable('derived')
      .set({ status: 'purged', updated_at: now })
      .where('ref', '=', ref)
      .where('status', 'in', ['uploaded', 'accepted'])
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return 'gone';
    await record(tx, { at: now, event: 'derivedLost', jobId: job_id, operator: by, detail: { ref, fault } });
    const asset =
      job.asset_uuid === null
        ? undefined
        : await tx.selectFrom('asset').select('purged_at').where('uuid', '=', job.asset_uuid).executeTakeFirst();
    // One that waits already makes it again by itself; what no result named is made again by nobody.
    if (job.status !== 'completed' || kept !== 'accepted' || asset?.purged_at !== null) return 'forgotten';
    await offerAnew(tx, [job_id], { now, by });
    return 'offered';
  });
  // What is left of it is of no use to anybody.
  if (outcome === 'offered' || outcome === 'forgotten') await context.files.discardDerived(ref);
  return outcome === 'offered';
}
