import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { EndedJob } from '../../shared/snapshot.ts';
import { failureGroups, type FailureGroup } from '../failure-groups.ts';
import { filesAndJobs } from '../format/amounts.ts';
import { fileName } from '../format/name.ts';
import { count } from '../format/numbers.ts';
import { useNarrowing } from '../results/address.ts';
import { SearchField } from '../results/filters.tsx';
import { usePast } from '../results/past.ts';
import { filesOf, needsSomebody } from '../selectors.ts';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { Button, Empty, Name, ViewHeader } from '../ui/parts.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { useAgent, useInstant, useLanguage } from '../use-agent.ts';
import { FailureDetail } from './failure-detail.tsx';
import { RetryUndo, useQueuedAgain } from '../work/retry-undo.tsx';
import { useFailureText } from './failure-text.ts';

const FILTERS = ['q', 'kind'] as const;
const INTERRUPTED = 'interrupted';

/** What went wrong, grouped by cause, and what to do about it. */
export function FailuresView({ chosen }: { chosen: string | undefined }) {
  const { t } = useTranslation();
  const { values, set, clear, to } = useNarrowing('failures', FILTERS);
  const search = values.q ?? '';
  const language = useLanguage();
  const show = (kind: string | undefined): void => {
    if (chosen !== undefined) window.location.assign(to(undefined));
    set('kind', kind);
  };
  const past = usePast({ search, ending: 'failed' });
  const { older } = past;
  const queued = useQueuedAgain();
  // Pages of the journal that were loaded before still hold what is in the queue again.
  const jobs = useMemo(
    () => past.jobs.filter(({ jobId, endedAt }) => !(Date.parse(endedAt) <= (queued.get(jobId) ?? 0))),
    [past.jobs, queued],
  );
  const totals = useAgent((snapshot) => snapshot.totals);
  const failed = useMemo(() => jobs.filter(needsSomebody), [jobs]);
  const interrupted = useMemo(() => jobs.filter((each) => !needsSomebody(each)), [jobs]);
  // A link to one of the others shows those.
  const linked = interrupted.some(({ jobId }) => jobId === chosen);
  const isApart = values.kind === INTERRUPTED || linked || (failed.length === 0 && interrupted.length > 0);
  const groups = useMemo(() => failureGroups(isApart ? interrupted : failed), [isApart, interrupted, failed]);
  const group = groups.find((each) => each.jobs.some(({ jobId }) => jobId === chosen));
  const job = group?.jobs.find(({ jobId }) => jobId === chosen);
  const note = t('failures.note', { ...totals });
  const amount = (list: readonly EndedJob[]): string => filesAndJobs(list, t, language);
  return (
    <>
      <ViewHeader title={t('failures.title')} note={note} />
      {(jobs.length > 0 || search !== '') && (
        <div className="narrow">
          <SearchField value={search} label={t('results.searchFiles')} onChange={(value) => set('q', value)} />
          {search !== '' && <span role="status">{amount(jobs)}</span>}
        </div>
      )}
      <RetryUndo />
      {interrupted.length > 0 && (
        <div className="filters" role="group" aria-label={t('failures.kind')}>
          <button type="button" aria-pressed={!isApart} onClick={() => show(undefined)}>
            {t('failures.needsYou')} <span>{amount(failed)}</span>
          </button>
          <button type="button" aria-pressed={isApart} onClick={() => show(INTERRUPTED)}>
            {t('failures.interrupted')} <span>{amount(interrupted)}</span>
          </button>
        </div>
      )}
      {jobs.length === 0 && search !== '' ? (
        <Empty icon="search" title={t('results.nothingFound')}>
          <Button onClick={clear}>{t('results.clearFilters')}</Button>
        </Empty>
      ) : jobs.length === 0 ? (
        <Empty icon="done" title={t('failures.emptyTitle')}>
          <p>{t('failures.emptyBody')}</p>
        </Empty>
      ) : (
        <div className="split" data-chosen={job === undefined ? undefined : ''}>
          <div className="split-list">
            <VirtualList items={groups} rowHeight={104} label={t('failures.causes')} keyOf={({ key }) => key}>
              {(item) => <GroupRow group={item} href={to(item.jobs[0]?.jobId)} current={item === group} />}
            </VirtualList>
            {older !== undefined && (
              <div className="split-more">
                <Button quiet onClick={older}>
                  {t('verb.older')}
                </Button>
              </div>
            )}
          </div>
          <div className="split-detail">
            {job === undefined || group === undefined ? (
              <Empty icon="failures" title={t('failures.chooseTitle')}>
                <p>{t('failures.chooseBody')}</p>
              </Empty>
            ) : (
              <FailureDetail key={job.jobId} job={job} group={group.jobs} />
            )}
          </div>
        </div>
      )}
    </>
  );
}

function GroupRow({
  group,
  href,
  current,
}: {
  readonly group: FailureGroup;
  readonly href: string;
  readonly current: boolean;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  const { ending, jobType, sourcePath, endedAt } = group.jobs[0] as FailureGroup['jobs'][number];
  const text = useFailureText(ending);
  if (text === null || ending.kind === 'done') return null;
  const others = filesOf(group.jobs) - 1;
  return (
    <a className="row row-failure" href={href} aria-current={current ? 'true' : undefined}>
      <span className={`row-icon row-icon-${ending.kind}`}>
        <Icon name={jobIcon(jobType)} size={16} />
      </span>
      <span className="row-text">
        <span className="row-sentence row-cause" lang={text.language}>
          {text.sentence}
        </span>
        <span className="row-files">
          <Name>{fileName(sourcePath)}</Name>
          {others > 0 && <span className="row-more">{t('failures.others', { count: others })}</span>}
        </span>
        <span className="row-when">
          {t(`ending.${ending.kind}`)} · {t(`faultShort.${text.fault}`)} · {instant(endedAt)}
        </span>
      </span>
      {others > 0 && (
        <span className="row-count" aria-hidden="true">
          {count(filesOf(group.jobs), language)}
        </span>
      )}
    </a>
  );
}
