import { useTranslation } from 'react-i18next';
import { RUNNING_PICTURE } from '../../shared/running-picture.ts';
import type { EndedArtifact, EndedJob, RunningJob } from '../../shared/snapshot.ts';
import { clock, spokenTimeLeft } from '../format/durations.ts';
import { fileName, folderOf, visible } from '../format/name.ts';
import { percent } from '../format/numbers.ts';
import { estimateTimeLeft, speedOf } from '../progress-history.ts';
import { ChipsOfFile } from '../queue/file-chips.tsx';
import type { QueuedJob } from '../queue/queued-files.ts';
import { posterOf, stageKey } from '../selectors.ts';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { Button, Name } from '../ui/parts.tsx';
import { Poster } from '../ui/poster.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { useAgent, useCommand, useLanguage, useReplica } from '../use-agent.ts';

type ByFile<T> = ReadonlyMap<string, readonly T[]>;

/** A file that is worked on: every job of it as a chip, and those that run with their progress. */
export function RunningFile({
  jobs,
  now,
  ended,
  queued,
}: {
  /** Of one file; never empty. */
  readonly jobs: readonly RunningJob[];
  readonly now: number;
  readonly ended: ByFile<EndedJob>;
  readonly queued: ByFile<QueuedJob>;
}) {
  const done = useAgent((snapshot) => snapshot.done);
  // Never empty.
  const { sourcePath, assetUuid, jobType } = jobs[0] as RunningJob;
  const name = fileName(sourcePath);
  const folder = folderOf(sourcePath);
  return (
    <article className="card running" aria-label={name}>
      <Poster
        assetUuid={assetUuid}
        picture={posterOf(done, assetUuid) ?? runningPicture(jobs)}
        alt=""
        fallback={jobIcon(jobType)}
      />
      <div className="running-body">
        <div className="running-file">
          <div className="running-what">
            <h2 className="running-name">
              <Name>{name}</Name>
            </h2>
            <p className="path" title={folder}>
              <bdi>{folder}</bdi>
            </p>
          </div>
          <ChipsOfFile queued={queued.get(sourcePath)} ended={ended.get(sourcePath)} />
        </div>
        {jobs.map((job) => (
          <RunningLine key={job.jobId} job={job} now={now} name={name} />
        ))}
      </div>
    </article>
  );
}

/** The first key frame of the file, until pictures of it are derived; a job that has begun can tell whether it has any. */
function runningPicture(jobs: readonly RunningJob[]): EndedArtifact | undefined {
  const seen = jobs.some(
    ({ jobType, stage, suspended }) =>
      (jobType === 'generate_video_proxies' || jobType === 'generate_thumbnails') && stage !== 'claimed' && !suspended,
  );
  return seen ? { kind: 'thumb', ref: RUNNING_PICTURE, contentType: 'image/jpeg', sizeBytes: 0 } : undefined;
}

function RunningLine({ job, now, name }: { readonly job: RunningJob; readonly now: number; readonly name: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { available, send } = useCommand();
  const known = job.progress !== undefined;
  const spoken = known ? percent(job.progress ?? 0, language) : t('now.lengthUnknown');
  return (
    <section className="running-job" aria-label={t(`jobType.${job.jobType}`)}>
      <p className="running-stage">
        <Icon name={jobIcon(job.jobType)} size={14} /> <strong>{t(`jobType.${job.jobType}`)}</strong>{' '}
        {t(`stage.${stageKey(job)}`)}
      </p>
      <div className="running-percent" aria-hidden="true">
        {known ? spoken : ''}
      </div>
      <div className="running-bar">
        <ProgressBar
          value={job.delivering ? 1 : job.progress}
          label={t('now.progress', { name })}
          spoken={spoken}
          still={job.suspended}
        />
      </div>
      <dl className="running-numbers">
        <div>
          <dt>{t('now.elapsed')}</dt>
          <dd>{clock(now - Date.parse(job.claimedAt))}</dd>
        </div>
        <div>
          <dt>{t('now.left')}</dt>
          <dd>
            <Left job={job} now={now} />
          </dd>
        </div>
        <Speed job={job} />
        {job.encoder !== undefined && (
          <div>
            <dt>{t('now.encoder')}</dt>
            <dd className="running-encoder">{visible(job.encoder)}</dd>
          </div>
        )}
      </dl>
      <div className="running-actions">
        <Button
          icon="cancel"
          quiet
          disabled={!available || job.cancelRequested}
          label={t('verb.cancelNamed', { name })}
          onClick={() => void send('cancelJob', { jobId: job.jobId })}
        >
          {t('verb.cancel')}
        </Button>
      </div>
    </section>
  );
}

/** How fast it goes through the media; it comes once it is known, behind what stands still. */
function Speed({ job }: { readonly job: RunningJob }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const samples = useReplica(({ progress }) => progress[job.jobId]);
  const speed = samples === undefined || job.pace === undefined || job.suspended ? null : speedOf(samples, job.pace);
  if (speed === null) return null;
  const times = new Intl.NumberFormat(language, { maximumSignificantDigits: 2 }).format(speed.times);
  const fps = speed.fps === undefined ? null : t('now.fps', { fps: Math.round(speed.fps) });
  return (
    <div>
      <dt>{t('now.speed')}</dt>
      <dd>{[...(fps === null ? [] : [fps]), t('now.times', { times })].join(' · ')}</dd>
    </div>
  );
}

function Left({ job, now }: { job: RunningJob; now: number }) {
  const { t } = useTranslation();
  const samples = useReplica(({ progress }) => progress[job.jobId]);
  const left = samples === undefined || job.delivering ? null : estimateTimeLeft(samples, now);
  if (left === null) return <>{job.delivering ? '–' : t('now.leftUnknown')}</>;
  const { key, ...values } = spokenTimeLeft(left);
  return <>{t(key, values)}</>;
}
