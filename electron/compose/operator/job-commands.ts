import { refusedOrDone, type Handlers } from '../../../shared/commands.ts';
import type { OperatorContext } from '../../agent/commands/operator-part.ts';
import { waitingJob } from '../../agent/intake/offers.ts';
import { UNKNOWN_JOB } from '../../agent/jobs/job-commands.ts';
import type { OperatorClient } from './operator-client.ts';

/** What an operator does with jobs that nobody works on; running ones are cancelled by `cancelJob`. */
export function operatorCommands(
  { services: { store, journal }, reasonOf, wake }: Pick<OperatorContext, 'services' | 'reasonOf' | 'wake'>,
  client: OperatorClient,
): Handlers<'searchQueue' | 'operateJobs' | 'retryJob' | 'takeBackRetry'> {
  return {
    async searchQueue(wanted) {
      const known = new Map(store.snapshot().waiting.map((job) => [job.jobId, job]));
      const page = await client.searchQueue(wanted);
      return {
        items: page.offers.map((offer) => {
          if (offer.isHeld) return waitingJob(offer, { kind: 'held' });
          return known.get(offer.jobId) ?? waitingJob(offer, reasonOf(offer));
        }),
        total: page.total,
        ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
      };
    },
    async operateJobs(asked) {
      const jobs = await client.operate(asked);
      wake();
      store.emit({ type: 'queueSeen', queue: await client.queue() });
      return { jobs: [...jobs] };
    },
    async retryJob({ jobId }) {
      const refusal = await client.retry(jobId);
      if (refusal === null) {
        journal.settle(jobId);
        store.emit({ type: 'jobRetried', jobId });
        wake();
      }
      return refusedOrDone(refusal);
    },
    async takeBackRetry({ jobId }) {
      const refusal = await client.cancelPending(jobId);
      if (refusal !== null) return { refusal };
      const job = journal.unsettle(jobId);
      if (job === undefined) return { refusal: UNKNOWN_JOB };
      store.emit({ type: 'retryTakenBack', job });
      return {};
    },
  };
}
