import { createRetentionClock } from '../../../shared/retention-clock.ts';
import type { Run } from '../journal/run.ts';
import { removeWorkspace, workspacePath } from '../../work/workspace/workspace.ts';
import type { AgentServices } from './services.ts';

/** Key of the journal. */
const AGE = 'retention_age';

export type RetentionServices = Pick<
  AgentServices,
  'journal' | 'clock' | 'settings' | 'workFolder' | 'log' | 'results'
>;

/**
 * Removes, each time it is called, what retention no longer keeps: finished work without a lease, copies, history,
 * hold-offs that are over.
 */
export function createRetention(services: RetentionServices): () => Promise<void> {
  const { journal, clock } = services;
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
    const before = new Date(now - services.settings().retentionDays * 86_400_000).toISOString();
    for (const run of keptRuns(services)) if ((run.keptAt ?? '') < before) await drop(services, run);
    await services.results?.prune(before);
    journal.prune(before, new Date(now).toISOString());
  };
}

/** Gives the room of the oldest kept work back; false when there is none. */
export async function dropOldestKept(services: RetentionServices): Promise<boolean> {
  const [oldest] = keptRuns(services);
  if (oldest === undefined) return false;
  services.log.warn({ job_id: oldest.jobId }, 'finished work without a lease is dropped: the disk is full');
  await drop(services, oldest);
  return true;
}

function keptRuns({ journal }: RetentionServices): readonly Run[] {
  return journal
    .runs()
    .filter((run) => run.phase === 'kept')
    .toSorted((a, b) => (a.keptAt ?? '').localeCompare(b.keptAt ?? ''));
}

/** The files first: a row without files is noticed, files without a row are not before the next start. */
async function drop({ journal, workFolder }: RetentionServices, run: Run): Promise<void> {
  await removeWorkspace(workspacePath(workFolder, run.runId));
  journal.forget(run.runId);
}
