import { useMemo } from 'react';
import { useShallow } from 'zustand/react/shallow';
import type { EndedJob, RunningJob } from '../../shared/snapshot.ts';
import { useAgent, usePage } from '../use-agent.ts';
import { endedByFile, type QueuedJob } from './queued-files.ts';

/** Held jobs, as they were claimed; another array only when one comes or goes, not with every step of progress. */
export function useClaimed(): readonly RunningJob[] {
  const { store } = usePage().replica;
  const ids = useAgent(useShallow(({ running }) => running.map(({ jobId }) => jobId)));
  return useMemo(
    () => store.getState().snapshot?.running.filter(({ jobId }) => ids.includes(jobId)) ?? [],
    [ids, store],
  );
}

/** What is over of each file: source path → the newest job of each type. `more`: what a list knows beyond the snapshot. */
export function useEndedByFile(more: readonly EndedJob[] = NONE): ReadonlyMap<string, readonly EndedJob[]> {
  const done = useAgent((snapshot) => snapshot.done);
  const failures = useAgent((snapshot) => snapshot.failures);
  return useMemo(() => endedByFile([...more, ...done, ...failures]), [more, done, failures]);
}

const NONE: readonly EndedJob[] = [];

/** What is still to be made of each file, by its source path. */
export function useQueuedByFile(): ReadonlyMap<string, readonly QueuedJob[]> {
  const waiting = useAgent((snapshot) => snapshot.waiting);
  const claimed = useClaimed();
  return useMemo(() => Map.groupBy([...claimed, ...waiting], ({ sourcePath }) => sourcePath), [claimed, waiting]);
}
