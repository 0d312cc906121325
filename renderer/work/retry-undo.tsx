import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Bridge } from '../../shared/bridge.ts';
import type { Refusal } from '../../shared/failure.ts';
import { Button } from '../ui/parts.tsx';
import { useCommand, usePage } from '../use-agent.ts';

/** Jobs that were put into the queue again last; they can be taken back until something else is done. */
const retried = createStore<{ readonly jobIds: readonly string[] }>(() => ({ jobIds: [] }));

/** Everything that was put into the queue again from this page, and when. */
const queued = createStore<{ readonly at: ReadonlyMap<string, number> }>(() => ({ at: new Map() }));

/** Puts ended jobs into the queue again; their rows leave at once. */
export async function runAgain(
  bridge: Bridge,
  jobIds: readonly string[],
  notify: (refusal: Refusal) => void,
): Promise<void> {
  retried.setState({ jobIds: [] });
  const answers = await Promise.all(
    jobIds.map(async (jobId) => ({ jobId, answer: await bridge.call('retryJob', { jobId }) })),
  );
  retried.setState({ jobIds: answers.flatMap(({ jobId, answer }) => (answer.ok ? [jobId] : [])) });
  const now = Date.now();
  const news = answers.flatMap(({ jobId, answer }) => (answer.ok ? [[jobId, now] as const] : []));
  queued.setState(({ at }) => ({ at: new Map([...at, ...news]) }));
  const refused = answers.find(({ answer }) => !answer.ok)?.answer;
  if (refused?.ok === false) notify(refused.refusal);
}

/** Jobs that were put into the queue again, with the instant: an ending after that is a new one. */
export function useQueuedAgain(): ReadonlyMap<string, number> {
  return useStore(queued, ({ at }) => at);
}

/** What was just put into the queue again, and the way back. */
export function RetryUndo() {
  const { t } = useTranslation();
  const { bridge, notify } = usePage();
  const { available } = useCommand();
  const jobIds = useStore(retried, (state) => state.jobIds);
  const undo = async (): Promise<void> => {
    retried.setState({ jobIds: [] });
    for (const jobId of jobIds) {
      const answer = await bridge.call('takeBackRetry', { jobId });
      if (answer.ok) queued.setState(({ at }) => ({ at: new Map([...at].filter(([id]) => id !== jobId)) }));
      else notify(answer.refusal);
    }
  };
  return (
    <div className="undo-place" role="status">
      {jobIds.length > 0 && (
        <p className="undo">
          {t('failures.queuedAgain', { count: jobIds.length })}
          <Button quiet disabled={!available} onClick={() => void undo()}>
            {t('verb.undo')}
          </Button>
        </p>
      )}
    </div>
  );
}
