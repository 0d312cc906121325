import { useTranslation } from 'react-i18next';
import type { FailureCause, RetryCauseAnswer } from '../../shared/wire-page.ts';
import { count } from '../format/numbers.ts';
import { notify } from '../notices.tsx';
import { useLanguage } from '../use-agent.ts';
import { later } from './later.tsx';
import { lookAgain, useConsole } from './use-server.ts';

type Operation = 'first' | 'hold' | 'release' | 'cancel';

/** So many jobs go into one call. */
const AT_ONCE = 1_000;
/** Files whose results are removed: each is a few files on the server's disk. */
const PURGED_AT_ONCE = 100;

/** Ends with the first part that is refused: `send` answers null then. */
async function inParts(
  all: readonly string[],
  most: number,
  send: (part: readonly string[]) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < all.length; from += most) {
    if ((await send(all.slice(from, from + most))) === null) return;
  }
}

/** Acts on many jobs, each carried out a few seconds later. */
export function useActs(): {
  readonly operate: (operation: Operation, jobIds: readonly string[]) => void;
  readonly retryCause: (cause: Pick<FailureCause, 'cause' | 'jobs'>, until: string, elsewhereFirst: boolean) => void;
  readonly purge: (assetUuids: readonly string[]) => void;
  readonly revoke: (agentId: string, name: string) => void;
  readonly removeRule: (ruleId: string, name: string) => void;
} {
  const { t } = useTranslation();
  const { server } = useConsole();
  const language = useLanguage();
  const amount = (jobs: number) => ({ count: jobs, shown: count(jobs, language) });
  /** Whoever leaves the page waits for no answer. */
  const post = async <T>(path: string, body: unknown, leaving: boolean): Promise<T | null> => {
    const answer = await server.post<T>(path, body, { keepalive: leaving });
    if (answer.ok) return answer.output;
    notify(answer.refusal);
    return null;
  };
  return {
    operate(operation, jobIds) {
      later(t(`console.later.${operation}`, amount(jobIds.length)), async (leaving) => {
        await inParts(jobIds, AT_ONCE, (job_ids) => post('/jobs/operate', { operation, job_ids }, leaving));
        lookAgain();
      });
    },
    retryCause({ cause, jobs }, until, elsewhere_first) {
      later(
        t(elsewhere_first ? 'console.later.retryElsewhere' : 'console.later.retry', amount(jobs)),
        async (leaving) => {
          for (let more = true; more;) {
            const answer = await post<RetryCauseAnswer>('/failures/retry', { cause, until, elsewhere_first }, leaving);
            more = answer?.more ?? false;
          }
          lookAgain();
        },
      );
    },
    purge(uuids) {
      later(t('console.later.purge', amount(uuids.length)), async (leaving) => {
        await inParts(uuids, PURGED_AT_ONCE, (asset_uuids) => post('/assets/purge', { asset_uuids }, leaving));
        lookAgain();
      });
    },
    revoke(agentId, name) {
      later(t('console.later.revoke', { name }), async (leaving) => {
        await post(`/agents/${agentId}/revoke`, {}, leaving);
        lookAgain();
      });
    },
    removeRule(ruleId, name) {
      later(t('console.later.remove', { name }), async (leaving) => {
        await post(`/rules/${ruleId}/remove`, {}, leaving);
        lookAgain();
      });
    },
  };
}
