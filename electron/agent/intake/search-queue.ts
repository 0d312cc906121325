import type { Handlers } from '../../../shared/commands.ts';
import { holds } from '../../../shared/fold.ts';
import type { OperatorPort } from '../jobs/operator-port.ts';
import type { Parts } from '../jobs/parts.ts';
import type { Intake } from './intake.ts';
import { waitingJob } from './offers.ts';

/** Another server is not asked for what it did not offer: what is known here is searched then. */
export function searchQueue(
  { store }: Pick<Parts, 'store'>,
  intake: Pick<Intake, 'reasonOf'>,
  operator: Pick<OperatorPort, 'searchQueue'> | undefined,
): Handlers<'searchQueue'>['searchQueue'] {
  return async ({ search, limit, cursor }) => {
    const { waiting } = store.snapshot();
    if (operator === undefined) {
      const items = waiting.filter(({ sourcePath }) => holds(sourcePath, search));
      return { items, total: items.length };
    }
    const known = new Map(waiting.map((job) => [job.jobId, job]));
    const page = await operator.searchQueue(search, limit, cursor);
    return {
      items: page.items.map((offer) => known.get(offer.job_id) ?? waitingJob(offer, intake.reasonOf(offer))),
      total: page.total ?? page.items.length,
      ...(page.next_cursor === undefined ? {} : { nextCursor: page.next_cursor }),
    };
  };
}
