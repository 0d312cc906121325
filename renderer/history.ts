import { useCallback, useMemo, useState } from 'react';
import type { EndedJob } from '../shared/snapshot.ts';
import { joinHistory } from './selectors.ts';
import { useAgent, useBridge, useCommand } from './use-agent.ts';

const PAGE = 100;

export interface Ended {
  readonly jobs: readonly EndedJob[];
  /** Loads jobs older than those the snapshot holds; absent when there are none. */
  readonly older?: () => Promise<void>;
}

/** Ended jobs: what the snapshot holds, and older pages once they were asked for. */
export function useEnded(ending: 'done' | 'failed'): Ended {
  const bridge = useBridge();
  const { available } = useCommand();
  const recent = useAgent((snapshot) => (ending === 'done' ? snapshot.done : snapshot.failures));
  const total = useAgent(({ totals }) => (ending === 'done' ? totals.done : totals.failed));
  const [older, setOlder] = useState<readonly EndedJob[]>([]);
  const [cursor, setCursor] = useState<string | 'start' | 'end'>('start');
  const load = useCallback(async () => {
    const answer = await bridge.call('history', {
      ending,
      limit: PAGE,
      ...(cursor === 'start' ? {} : { cursor }),
    });
    if (!answer.ok) return;
    setOlder((jobs) => [...jobs, ...answer.output.items]);
    setCursor(answer.output.nextCursor ?? 'end');
  }, [bridge, ending, cursor]);
  const jobs = useMemo(() => joinHistory(recent, older), [recent, older]);
  const more = cursor !== 'end' && available && (cursor !== 'start' || total > recent.length);
  return more ? { jobs, older: load } : { jobs };
}
