import type { Handlers } from '../../../shared/commands.ts';
import type { Refusal } from '../../../shared/failure.ts';
import { defined } from '../../../shared/objects.ts';
import type { ActiveRuns } from './active-runs.ts';
import type { AgentServices } from './services.ts';
import { withoutToken } from '../server/dialect.ts';

export const UNKNOWN_JOB: Refusal = { code: 'UNKNOWN_JOB', message: 'This agent does not hold such a job any more.' };

export function jobCommands(
  { journal, jobLogs }: Pick<AgentServices, 'journal' | 'jobLogs'>,
  runs: Pick<ActiveRuns, 'list'>,
): Handlers<'cancelJob' | 'jobLog' | 'history' | 'report'> {
  return {
    async cancelJob({ jobId }) {
      const run = runs.list().find((entry) => entry.run.jobId === jobId);
      if (run === undefined) return { refusal: UNKNOWN_JOB };
      if (!run.executing()) {
        const message = 'The job is finished here and is being delivered; it can no longer be cancelled.';
        return { refusal: { code: 'ALREADY_FINISHED', message } };
      }
      run.stop('CANCELLED');
      return {};
    },
    jobLog: async ({ jobId }) => ({ lines: [...jobLogs.read(jobId)] }),
    async history({ cursor, limit, ending, search, jobType }) {
      const before = cursor === undefined ? undefined : Number(cursor);
      if (before !== undefined && !Number.isSafeInteger(before)) {
        return { refusal: { code: 'INVALID_INPUT', message: 'The cursor is not one of ours.', field: 'cursor' } };
      }
      const { items, nextCursor } = journal.history({
        limit,
        ...(before === undefined ? {} : { before }),
        ...(ending === undefined ? {} : { done: ending === 'done' }),
        ...defined({ search, jobType }),
      });
      return { items: [...items], ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    async report({ jobId }) {
      const report = journal.report(jobId);
      return report === undefined ? { refusal: UNKNOWN_JOB } : { report: withoutToken(report) };
    },
  };
}
