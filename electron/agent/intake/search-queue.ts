import type { Handlers } from '../../../shared/commands.ts';
import { holds } from '../../../shared/fold.ts';
import type { OperatorPort } from '../server/operator-port.ts';
import type { AgentServices } from '../jobs/services.ts';
import type { Intake } from './intake.ts';
import { waitingJob } from './offers.ts';

/** Another server is not asked for what it did not offer: what is known here is searched then. */
export function searchQueue(
  { store }: Pick<AgentServices, 'store'>,
  intake: Pick<Intake, 'reasonOf'>,
  operator: Pick<OperatorPort, 'searchQueue'> | undefined,
): Handlers<'searchQueue'>['searchQueue'] {
  return async (wanted) => {
    const { waiting } = store.snapshot();
    if (operator === undefined) {
      const { search = '', held = false } = wanted;
      const items = held ? [] : waiting.filter(({ sourcePath }) => holds(sourcePath, search));
      return { items, total: items.length };
    }
    const known = new Map(waiting.map((job) => [job.jobId, job]));
    const page = await operator.searchQueue(wanted);
    return {
      items: page.offers.map((offer) => {
        if (offer.isHeld) return waitingJob(offer, { kind: 'held' });
        return known.get(offer.jobId) ?? waitingJob(offer, intake.reasonOf(offer));
      }),
      total: page.total,
      ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
    };
  };
}

/** Cancels, holds or re-ranks waiting jobs; running ones are cancelled by `cancelJob`. */
export function queueCommands(
  { store }: Pick<AgentServices, 'store'>,
  operator: Pick<OperatorPort, 'operate' | 'queue'>,
  wake: () => void,
): Handlers<'operateJobs'> {
  return {
    async operateJobs(asked) {
      const jobs = await operator.operate(asked);
      wake();
      store.emit({ type: 'queueSeen', queue: await operator.queue() });
      return { jobs: [...jobs] };
    },
  };
}
