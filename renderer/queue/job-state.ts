import { useTranslation } from 'react-i18next';
import type { WaitReason } from '../../shared/snapshot.ts';
import { stageKey } from '../selectors.ts';
import { useAgent } from '../use-agent.ts';
import type { ChipState } from './job-chip.tsx';
import { isWaiting, type QueuedJob } from './queued-files.ts';
import { useReason } from './reason-text.ts';

/** Sentences of their own: nothing is done on this machine just then. */
const STANDING: ReadonlySet<string> = new Set(['cancelling', 'suspended', 'delivering'] satisfies ReturnType<
  typeof stageKey
>[]);

/** These end by themselves. */
const PASSING: ReadonlySet<WaitReason['kind']> = new Set([
  'slot',
  'paused',
  'draining',
  'yielding',
  'source-growing',
  'quiet-hours',
  'held-off',
]);

export interface JobState {
  readonly says: string;
  readonly state: ChipState;
}

/** How each queued job is, in words and as a state. Steps of running jobs are looked up only while one is shown. */
export function useJobStates(jobs: readonly QueuedJob[]): readonly JobState[] {
  const { t } = useTranslation();
  const reason = useReason();
  const held = jobs.filter((job) => !isWaiting(job));
  const stages = useAgent(({ running }) =>
    held.map(({ jobId }) => stageOf(running.find((job) => job.jobId === jobId))).join(' '),
  ).split(' ');
  return jobs.map((job) => {
    if (isWaiting(job)) return { says: reason(job.reason), state: PASSING.has(job.reason.kind) ? 'waiting' : 'stuck' };
    // Joined from stages just above.
    const stage = stages[held.indexOf(job)] as ReturnType<typeof stageKey> | '';
    if (stage === '' || stage === undefined) return { says: '', state: 'running' };
    const says = STANDING.has(stage) ? t(`stage.${stage}`) : t('queue.isClaimed', { stage: t(`stage.${stage}`) });
    return { says, state: 'running' };
  });
}

function stageOf(job: Parameters<typeof stageKey>[0] | undefined): string {
  return job === undefined ? '' : stageKey(job);
}
