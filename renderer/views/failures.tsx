import { useTranslation } from 'react-i18next';
import type { EndedJob } from '../../shared/snapshot.ts';
import { fileName } from '../format/name.ts';
import { useEnded } from '../history.ts';
import { routeTo } from '../route.ts';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { Button, Empty, Name, ViewHeader } from '../ui/parts.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { useAgent, useInstant } from '../use-agent.ts';
import { FailureDetail } from './failure-detail.tsx';
import { useFailureText } from './failure-text.ts';

/** What went wrong, and what to do about it. */
export function FailuresView({ chosen }: { chosen: string | undefined }) {
  const { t } = useTranslation();
  const { jobs, older } = useEnded('failed');
  const totals = useAgent((snapshot) => snapshot.totals);
  const job = jobs.find(({ jobId }) => jobId === chosen);
  const note = t('failures.note', { ...totals });
  return (
    <>
      <ViewHeader title={t('failures.title')} note={note} />
      {jobs.length === 0 ? (
        <Empty icon="done" title={t('failures.emptyTitle')}>
          <p>{t('failures.emptyBody')}</p>
        </Empty>
      ) : (
        <div className="split" data-chosen={job === undefined ? undefined : ''}>
          <div className="split-list">
            <VirtualList items={jobs} rowHeight={84} label={note} keyOf={({ jobId }) => jobId}>
              {(item) => <FailureRow job={item} current={item.jobId === chosen} />}
            </VirtualList>
            {older !== undefined && (
              <div className="split-more">
                <Button quiet onClick={() => void older()}>
                  {t('verb.older')}
                </Button>
              </div>
            )}
          </div>
          <div className="split-detail">
            {job === undefined ? (
              <Empty icon="failures" title={t('failures.chooseTitle')}>
                <p>{t('failures.chooseBody')}</p>
              </Empty>
            ) : (
              <FailureDetail key={job.jobId} job={job} />
            )}
          </div>
        </div>
      )}
    </>
  );
}

function FailureRow({ job, current }: { job: EndedJob; current: boolean }) {
  const { t } = useTranslation();
  const instant = useInstant();
  const text = useFailureText(job.ending);
  if (text === null || job.ending.kind === 'done') return null;
  return (
    <a className="row row-failure" href={routeTo('failures', job.jobId)} aria-current={current ? 'true' : undefined}>
      <span className={`row-icon row-icon-${job.ending.kind}`}>
        <Icon name={jobIcon(job.jobType)} size={16} />
      </span>
      <span className="row-text">
        <Name>{fileName(job.sourcePath)}</Name>
        <span className="row-sentence" lang={text.language}>
          {text.sentence}
        </span>
        <span className="row-when">
          {t(`ending.${job.ending.kind}`)} · {t(`jobType.${job.jobType}`)} · {instant(job.endedAt)}
        </span>
      </span>
    </a>
  );
}
