import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { failureGroups, type FailureGroup } from '../failure-groups.ts';
import { fileName } from '../format/name.ts';
import { count } from '../format/numbers.ts';
import { useNarrowing } from '../results/address.ts';
import { SearchField } from '../results/filters.tsx';
import { usePast } from '../results/past.ts';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { Button, Empty, Name, ViewHeader } from '../ui/parts.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { useAgent, useInstant, useLanguage } from '../use-agent.ts';
import { FailureDetail } from './failure-detail.tsx';
import { useFailureText } from './failure-text.ts';

const FILTERS = ['q'] as const;

/** What went wrong, grouped by cause, and what to do about it. */
export function FailuresView({ chosen }: { chosen: string | undefined }) {
  const { t } = useTranslation();
  const { values, set, clear, to } = useNarrowing('failures', FILTERS);
  const search = values.q ?? '';
  const { jobs, older } = usePast({ search, ending: 'failed' });
  const totals = useAgent((snapshot) => snapshot.totals);
  const groups = useMemo(() => failureGroups(jobs), [jobs]);
  const group = groups.find((each) => each.jobs.some(({ jobId }) => jobId === chosen));
  const job = group?.jobs.find(({ jobId }) => jobId === chosen);
  const note = t('failures.note', { ...totals });
  return (
    <>
      <ViewHeader title={t('failures.title')} note={note} />
      {(jobs.length > 0 || search !== '') && (
        <div className="narrow">
          <SearchField value={search} label={t('results.searchFiles')} onChange={(value) => set('q', value)} />
          {search !== '' && <span role="status">{t('queue.found', { count: jobs.length, all: jobs.length })}</span>}
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
  const others = group.jobs.length - 1;
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
          {count(group.jobs.length, language)}
        </span>
      )}
    </a>
  );
}
