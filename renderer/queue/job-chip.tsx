import { useTranslation } from 'react-i18next';
import { isJobType } from '../../shared/job.ts';
import type { EndedJob } from '../../shared/snapshot.ts';
import { visible } from '../format/name.ts';
import { routeTo } from '../route.ts';
import { needsSomebody } from '../selectors.ts';
import { Icon, jobIcon } from '../ui/icon.tsx';

export type ChipState = 'running' | 'waiting' | 'stuck' | 'done' | 'failed' | 'interrupted';

/** One job in the row of its file; leads to the job's page. */
export function JobChip({
  jobType,
  state,
  says,
  href,
  current = false,
}: {
  readonly jobType: string;
  readonly state: ChipState;
  /** How it is, or why it waits. */
  readonly says: string;
  readonly href: string;
  readonly current?: boolean;
}) {
  const name = useJobName();
  const label = name(jobType);
  return (
    <a
      className="job-chip"
      data-state={state}
      href={href}
      title={`${label}: ${says}`}
      aria-label={`${label}: ${says}`}
      aria-current={current ? 'true' : undefined}
    >
      <Icon name={jobIcon(jobType)} size={14} />
      <span className="job-chip-label">{label}</span>
    </a>
  );
}

/** A job of the same file that ended: leads to its results, or to its failure. */
export function EndedChip({ job, current = false }: { readonly job: EndedJob; readonly current?: boolean }) {
  const { t } = useTranslation();
  const { ending, jobType } = job;
  const state = ending.kind === 'done' ? 'done' : needsSomebody(job) ? 'failed' : 'interrupted';
  const href = ending.kind === 'done' ? routeTo('done', job.assetUuid) : routeTo('failures', job.jobId);
  const thumbs = ending.kind === 'done' ? ending.artifacts.filter(({ kind, tile }) => kind === 'thumb' && !tile) : [];
  const made = thumbs.length > 0 ? t('done.thumbs', { count: thumbs.length }) : t('queue.made');
  return (
    <JobChip
      jobType={jobType}
      state={state}
      says={ending.kind === 'done' ? made : t(`ending.${ending.kind}`)}
      href={href}
      current={current}
    />
  );
}

export function useJobName(): (jobType: string) => string {
  const { t } = useTranslation();
  return (jobType) => (isJobType(jobType) ? t(`jobType.${jobType}`) : t('jobType.other', { type: visible(jobType) }));
}
