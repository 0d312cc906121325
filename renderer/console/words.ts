import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { isJobType } from '../../shared/job.ts';
import type { WaitGroup } from '../../shared/wire-page.ts';
import { visible } from '../format/name.ts';
import { count } from '../format/numbers.ts';
import { useInstant, useLanguage } from '../use-agent.ts';

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];

/** How long something has waited, in steps that do not jitter. */
export function ageOf(ms: number, t: TFunction): string {
  if (ms < MINUTE_MS) return t('console.age.now');
  if (ms < HOUR_MS) return t('console.age.minutes', { count: Math.floor(ms / MINUTE_MS) });
  if (ms >= DAY_MS) return t('console.age.days', { count: Math.floor(ms / DAY_MS) });
  const minutes = String(Math.floor(ms / MINUTE_MS) % 60).padStart(2, '0');
  return t('console.age.hours', { hours: Math.floor(ms / HOUR_MS), minutes });
}

/** “1,204 jobs”, or “at least 20,000 jobs”. */
export function useJobs(): (jobs: number, atLeast?: boolean) => string {
  const { t } = useTranslation();
  const language = useLanguage();
  return (jobs, atLeast = false) => {
    const amount = t('console.jobs', { count: jobs, shown: count(jobs, language) });
    return atLeast ? t('console.atLeast', { amount }) : amount;
  };
}

export function useJobTypeName(): (jobType: string | undefined) => string {
  const { t } = useTranslation();
  return (jobType) =>
    jobType !== undefined && isJobType(jobType)
      ? t(`jobType.${jobType}`)
      : t('jobType.other', { type: visible(jobType ?? '–') });
}

/** Why a group waits, as the end of a sentence. */
export function reasonIn({ reason, root }: WaitGroup, t: TFunction): string {
  return reason === 'root'
    ? t('console.waiting.reason.root', { root: visible(root ?? '') })
    : t(`console.waiting.reason.${reason}`);
}

/** What ends the wait, or who can. */
export function useNextStep(): (group: WaitGroup) => string {
  const { t } = useTranslation();
  const instant = useInstant();
  return (group) => {
    const { reason, able, away, here } = group;
    const by = visible(group.by ?? '');
    const until = group.until === undefined ? '' : instant(group.until);
    switch (reason) {
      case 'capability':
        return away.length > 0
          ? t('console.waiting.next.away', { names: away.slice(0, 3).map(visible).join(', ') })
          : t('console.waiting.next.capability', { count: here });
      case 'rules': {
        const names = (group.agents ?? []).slice(0, 3).map(visible).join(', ');
        return t(`console.waiting.next.rules.${group.rule ?? 'job_types'}`, {
          names: (group.agents ?? []).length > 3 ? `${names}…` : names,
          root: visible(group.root ?? ''),
          until,
        });
      }
      case 'paused':
        return until === ''
          ? t('console.waiting.next.paused', { by })
          : t('console.waiting.next.pausedUntil', { by, until });
      case 'busy':
        return t('console.waiting.next.busy', { count: able });
      case 'heldOff':
        return t('console.waiting.next.heldOff', { until });
      case 'held':
        return t('console.waiting.next.held', { by });
      case 'root':
      case 'standsBy':
      case 'soon':
        return t(`console.waiting.next.${reason}`);
    }
  };
}
