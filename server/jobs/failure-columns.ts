import type { Updateable } from 'kysely';
import { withoutNames } from '../../shared/failure-cause.ts';
import type { JobTable } from '../database/schema.ts';

/** Enough of a sentence to tell it from others, and little enough for an index. */
const CAUSE_LETTERS = 300;

/** What a failure leaves in the row of its job, whether it ends the job or not. `agentId`: whose it was. */
export function failureColumns(
  failure: { readonly error_code: string; readonly message: string; readonly retryable: boolean },
  agentId: string,
): Pick<Updateable<JobTable>, 'failure_json' | 'cause' | 'failed_by'> {
  const { error_code, message, retryable } = failure;
  return {
    failure_json: JSON.stringify({ error_code, message, retryable }),
    cause: `${error_code} ${withoutNames(message)}`.slice(0, CAUSE_LETTERS),
    failed_by: agentId,
  };
}

/** Nothing is wrong with the job (any more). */
export const NO_FAILURE = { failure_json: null, cause: null, failed_by: null } as const satisfies Updateable<JobTable>;
