import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Operation } from '../../shared/job.ts';
import { Button } from '../ui/parts.tsx';
import { useCommand, usePage, type PageContext } from '../use-agent.ts';
import { isWaiting, type QueuedJob } from './queued-files.ts';

/** What a person asks for; the others are there to undo these. */
type Wish = Extract<Operation, 'cancel' | 'hold' | 'release' | 'first' | 'last'>;

interface Changed {
  readonly jobId: string;
  /** Before. */
  readonly priority: number;
}

/** What was done last; it can be taken back until something else is done. */
const last = createStore<{ readonly wish: Wish; readonly changed: readonly Changed[] }>(() => ({
  wish: 'cancel',
  changed: [],
}));

/** A command takes so many. */
const AT_ONCE = 1000;

type Asked = Pick<PageContext, 'bridge' | 'notify'>;

async function operate(
  { bridge, notify }: Asked,
  operation: Operation,
  jobIds: readonly string[],
  priority?: number,
): Promise<Changed[]> {
  const changed: Changed[] = [];
  for (let from = 0; from < jobIds.length; from += AT_ONCE) {
    const ids = jobIds.slice(from, from + AT_ONCE);
    const answer = await bridge.call('operateJobs', {
      operation,
      jobIds: ids,
      ...(priority === undefined ? {} : { priority }),
    });
    if (!answer.ok) {
      notify(answer.refusal);
      break;
    }
    changed.push(...answer.output.jobs);
  }
  return changed;
}

/** Does it at once; the way back stands above the list. A running job can only be cancelled. */
function useOperate(): (wish: Wish, jobs: readonly QueuedJob[]) => Promise<void> {
  const page = usePage();
  return async (wish, jobs) => {
    last.setState({ wish, changed: [] });
    const running = wish === 'cancel' ? jobs.filter((job) => !isWaiting(job)) : [];
    const waiting = jobs.filter(isWaiting).map(({ jobId }) => jobId);
    const changed = await operate(page, wish, waiting);
    for (const { jobId } of running) {
      const answer = await page.bridge.call('cancelJob', { jobId });
      if (!answer.ok) page.notify(answer.refusal);
    }
    last.setState({ wish, changed });
  };
}

async function takeBack(page: Asked, wish: Wish, changed: readonly Changed[]): Promise<void> {
  const ids = changed.map(({ jobId }) => jobId);
  switch (wish) {
    case 'cancel':
      await operate(page, 'uncancel', ids);
      return;
    case 'hold':
      await operate(page, 'release', ids);
      return;
    case 'release':
      await operate(page, 'hold', ids);
      return;
    case 'first':
    case 'last':
      for (const [priority, jobs] of Map.groupBy(changed, (job) => job.priority)) {
        await operate(
          page,
          'priority',
          jobs.map(({ jobId }) => jobId),
          priority,
        );
      }
  }
}

/** What was just done to the queue, and the way back. */
export function QueueUndo() {
  const { t } = useTranslation();
  const page = usePage();
  const { available } = useCommand();
  const { wish, changed } = useStore(last);
  const undo = async (): Promise<void> => {
    last.setState({ changed: [] });
    await takeBack(page, wish, changed);
  };
  return (
    <div className="undo-place" role="status">
      {changed.length > 0 && (
        <p className="undo">
          {t(`queue.did.${wish}`, { count: changed.length })}
          <Button quiet disabled={!available} onClick={() => void undo()}>
            {t('verb.undo')}
          </Button>
        </p>
      )}
    </div>
  );
}

/** The buttons for some jobs; what fits none of them is left out. */
export function QueueVerbs({ jobs, onDone }: { readonly jobs: readonly QueuedJob[]; readonly onDone?: () => void }) {
  const { t } = useTranslation();
  const { available } = useCommand();
  const act = useOperate();
  const waiting = jobs.filter(isWaiting);
  const held = waiting.filter(({ reason }) => reason.kind === 'held').length;
  const wishes: readonly (readonly [wish: Wish, fits: boolean])[] = [
    ['first', waiting.length > 0],
    ['last', waiting.length > 0],
    ['hold', waiting.length > held],
    ['release', held > 0],
    ['cancel', true],
  ];
  const does = async (wish: Wish): Promise<void> => {
    await act(wish, jobs);
    onDone?.();
  };
  return (
    <>
      {wishes
        .filter(([, fits]) => fits)
        .map(([wish]) => (
          <Button key={wish} icon={ICONS[wish]} quiet disabled={!available} onClick={() => void does(wish)}>
            {t(`queue.do.${wish}`)}
          </Button>
        ))}
    </>
  );
}

const ICONS = { first: 'up', last: 'down', hold: 'pause', release: 'resume', cancel: 'cancel' } as const;
