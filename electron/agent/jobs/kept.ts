import { createRetentionClock } from '../../../shared/retention-clock.ts';
import type { Run } from '../journal/run.ts';
import { removeWorkspace, workspacePath } from '../../work/workspace/workspace.ts';
import type { Parts } from './parts.ts';

/** Key of the journal. */
const AGE = 'retention_age';

type KeptParts = Pick<Parts, 'journal' | 'clock' | 'settings' | 'workFolder' | 'log' | 'results'>;

/**
 * Removes, each time it is called, what retention no longer keeps: finished work without a lease, copies, history,
 * hold-offs that are over.
 */
export function createRetention(parts: KeptParts): () => Promise<void> {
  const { journal, clock } = parts;
  const age = {
    read: async () => {
      const kept = journal.meta(AGE);
      return kept === undefined ? undefined : Number(kept);
    },
    write: async (at: number) => journal.setMeta(AGE, String(at)),
  };
  const retention = createRetentionClock(age, clock.now, () => clock.monotonic() + clock.asleepMs());
  return async () => {
    const now = await retention.now();
    const before = new Date(now - parts.settings().retentionDays * 86_400_000).toISOString();
    for (const run of keptRuns(parts)) if ((run.keptAt ?? '') < before) await drop(parts, run);
    await parts.results?.prune(before);
    journal.prune(before, new Date(now).toISOString());
  };
}

/** Gives the room of the oldest kept work back; false when there is none. */
export async function dropOldestKept(parts: KeptParts): Promise<boolean> {
  const [oldest] = keptRuns(parts);
  if (oldest === undefined) return false;
  parts.log.warn({ job_id: oldest.jobId }, 'finished work without a lease is dropped: the disk is full');
  await drop(parts, oldest);
  return true;
}

function keptRuns({ journal }: KeptParts): readonly Run[] {
  return journal
    .runs()
    .filter((run) => run.phase === 'kept')
    .toSorted((a, b) => (a.keptAt ?? '').localeCompare(b.keptAt ?? ''));
}

/** The files first: a row without files is noticed, files without a row are not before the next start. */
async function drop({ journal, workFolder }: KeptParts, run: Run): Promise<void> {
  await removeWorkspace(workspacePath(workFolder, run.runId));
  journal.forget(run.runId);
}
