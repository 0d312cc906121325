import { useTranslation } from 'react-i18next';
import type { EndedJob } from '../../shared/snapshot.ts';
import { fileName, folderOf } from '../format/name.ts';
import { routeTo } from '../route.ts';
import { Icon } from '../ui/icon.tsx';
import { Facts } from '../ui/parts.tsx';
import { useAgent } from '../use-agent.ts';
import { FileChips } from './file-chips.tsx';
import { useJobName } from './job-chip.tsx';
import { useJobStates } from './job-state.ts';
import { QueueVerbs } from './operations.tsx';
import { isWaiting, type QueuedFile } from './queued-files.ts';

/** One job of a file: how it stands, why, and what may be done about it. */
export function JobPanel({
  file,
  ended,
  jobId,
  to,
}: {
  readonly file: QueuedFile;
  readonly ended: readonly EndedJob[] | undefined;
  readonly jobId: string;
  readonly to: (jobId: string | undefined) => string;
}) {
  const { t } = useTranslation();
  const name = useJobName();
  const states = useJobStates(file.jobs);
  const mayOperate = useAgent(({ agent }) => agent.embeddedServer);
  const index = file.jobs.findIndex((job) => job.jobId === jobId);
  const job = file.jobs[index];
  if (job === undefined) return null;
  return (
    <article className="queue-panel" aria-label={`${name(job.jobType)}: ${fileName(file.sourcePath)}`}>
      <a className="queue-close" href={to(undefined)}>
        <Icon name="cancel" size={14} /> {t('verb.close')}
      </a>
      <h2 className="detail-title">
        <bdi>{fileName(file.sourcePath)}</bdi>
      </h2>
      <p className="path">
        <bdi>{folderOf(file.sourcePath)}</bdi>
      </p>
      <FileChips jobs={file.jobs} states={states} ended={ended} chosen={jobId} to={to} />
      <Facts
        rows={[
          [t('queue.job'), name(job.jobType)],
          [t('queue.state'), states[index]?.says],
          [t('queue.priority'), isWaiting(job) ? String(job.priority) : undefined],
        ]}
      />
      {!isWaiting(job) && (
        <p>
          <a href={routeTo('now')}>{t('queue.watch')}</a>
        </p>
      )}
      {mayOperate && (
        <div className="queue-verbs">
          <QueueVerbs jobs={[job]} />
        </div>
      )}
    </article>
  );
}
