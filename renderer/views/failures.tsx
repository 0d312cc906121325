import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { EndedJob } from '../../shared/snapshot.ts';
import { Causes } from '../failures/causes.tsx';
import { failureGroups } from '../failures/groups.ts';
import { filesAndJobs } from '../format/amounts.ts';
import { count } from '../format/numbers.ts';
import { useNarrowing } from '../results/address.ts';
import { NothingFound, SearchField } from '../results/filters.tsx';
import { usePast } from '../results/past.ts';
import { filesOf, needsSomebody } from '../selectors.ts';
import { Empty, ViewHeader } from '../ui/parts.tsx';
import { Split } from '../ui/split.tsx';
import { useAgent, useLanguage } from '../use-agent.ts';
import { FailureDetail } from '../failures/failure-detail.tsx';
import { RetryUndo, useQueuedAgain } from '../work/retry-undo.tsx';

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
  const amount = (list: readonly EndedJob[]): string => filesAndJobs(list, t, language);
  // The journal counts jobs; files only where all of it lies here.
  const note =
    older === undefined
      ? t('failures.noteFiles', { failed: amount(failed), others: amount(interrupted) })
      : t('failures.note', { ...totals });
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
        <div className="chips filters" role="group" aria-label={t('failures.kind')}>
          <button type="button" aria-pressed={!isApart} onClick={() => show(undefined)}>
            {t('failures.needsYou')} <span>{count(filesOf(failed), language)}</span>
          </button>
          <button type="button" aria-pressed={isApart} onClick={() => show(INTERRUPTED)}>
            {t('failures.interrupted')} <span>{count(filesOf(interrupted), language)}</span>
          </button>
        </div>
      )}
      {jobs.length === 0 && search !== '' ? (
        <NothingFound clear={clear} />
      ) : jobs.length === 0 ? (
        <Empty icon="done" title={t('failures.emptyTitle')}>
          <p>{t('failures.emptyBody')}</p>
        </Empty>
      ) : (
        <Split isChosen={job !== undefined} older={older} list={<Causes groups={groups} chosen={chosen} to={to} />}>
          {job === undefined || group === undefined ? (
            <Empty icon="failures" title={t('failures.chooseTitle')}>
              <p>{t('failures.chooseBody')}</p>
            </Empty>
          ) : (
            <FailureDetail key={job.jobId} job={job} group={group.jobs} />
          )}
        </Split>
      )}
    </>
  );
}
