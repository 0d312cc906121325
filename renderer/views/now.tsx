import { useTranslation } from 'react-i18next';
import type { RunningJob, Snapshot } from '../../shared/snapshot.ts';
import { clock, spokenTimeLeft } from '../format/durations.ts';
import { fileName, folderOf, visible } from '../format/name.ts';
import { percent } from '../format/numbers.ts';
import { estimateTimeLeft } from '../progress-history.ts';
import { routeTo } from '../route.ts';
import { doneAssets, isFirstRun, poster, posterOf, stageKey, troubleOf } from '../selectors.ts';
import { assetIcon, jobIcon } from '../ui/icon.tsx';
import { Button, Empty, Name, ViewHeader } from '../ui/parts.tsx';
import { Poster } from '../ui/poster.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { useAgent, useCommand, useLanguage, useNow, useReplica } from '../use-agent.ts';
import { AddingStrip } from '../work/adding-panel.tsx';
import { FirstRun } from './first-run.tsx';
import { YieldBanner } from './yield-banner.tsx';

/** What runs on this machine right now. */
export function NowView() {
  const { t } = useTranslation();
  const running = useAgent((snapshot) => snapshot.running);
  const max = useAgent((snapshot) => snapshot.agent.maxParallelJobs);
  const done = useAgent((snapshot) => snapshot.done);
  const ticking = useNow();
  const lostSince = useReplica(({ link }) => (link.kind === 'lost' ? link.since : null));
  // What is not heard of does not run on.
  const now = lostSince ?? ticking;
  const first = useAgent(isFirstRun);
  return (
    <>
      <ViewHeader title={t('now.title')} note={t('now.slots', { count: running.length, max })} />
      <div className="view-body">
        <YieldBanner />
        <AddingStrip />
        {running.length === 0 ? (
          first ? (
            <FirstRun />
          ) : (
            <NothingRuns />
          )
        ) : (
          <ul className="cards">
            {running.map((job) => (
              <li key={job.jobId}>
                <RunningCard job={job} now={now} />
              </li>
            ))}
          </ul>
        )}
        {done.length > 0 && <JustDone />}
      </div>
    </>
  );
}

function NothingRuns() {
  const { t } = useTranslation();
  const phase = useAgent((snapshot) => snapshot.agent.phase);
  const waiting = useAgent((snapshot) => snapshot.waiting.length);
  const sentence = useAgent(emptySentence);
  return (
    <Empty icon={phase === 'paused' ? 'pause' : 'now'} title={t('now.emptyTitle')}>
      <p>{t(sentence, { count: waiting })}</p>
      {waiting > 0 && (
        <p>
          <a href={routeTo('queue')}>{t('now.seeQueue')}</a>
        </p>
      )}
    </Empty>
  );
}

/** Why nothing runs, as a key: what a person can mend stands before what ends by itself. */
function emptySentence(snapshot: Snapshot) {
  const { phase } = snapshot.agent;
  const { link } = snapshot.server;
  if (phase === 'paused') return 'now.emptyPaused' as const;
  if (phase === 'draining' || phase === 'stopping' || phase === 'stopped') return 'now.emptyDraining' as const;
  if (troubleOf(snapshot) !== null) return 'now.emptyTrouble' as const;
  if (link !== 'connected' && link !== 'connecting') return 'now.emptyUnreachable' as const;
  if (snapshot.yielding !== null) return 'now.emptyYielding' as const;
  return snapshot.waiting.length > 0 ? ('now.emptyWaiting' as const) : ('now.emptyNothing' as const);
}

function RunningCard({ job, now }: { job: RunningJob; now: number }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const done = useAgent((snapshot) => snapshot.done);
  const { available, send } = useCommand();
  const name = fileName(job.sourcePath);
  const folder = folderOf(job.sourcePath);
  const known = job.progress !== undefined;
  const spoken = known ? percent(job.progress ?? 0, language) : t('now.lengthUnknown');
  return (
    <article className="card running" aria-label={name}>
      <Poster
        assetUuid={job.assetUuid}
        picture={posterOf(done, job.assetUuid)}
        alt=""
        fallback={jobIcon(job.jobType)}
      />
      <div className="running-what">
        <h2 className="running-name">
          <Name>{name}</Name>
        </h2>
        <p className="path" title={folder}>
          <bdi>{folder}</bdi>
        </p>
      </div>
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
      <p className="running-stage">
        <span className="tag">{t(`jobType.${job.jobType}`)}</span> {t(`stage.${stageKey(job)}`)}
      </p>
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
    </article>
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

const SHOWN = 6;

function JustDone() {
  const { t } = useTranslation();
  const done = useAgent((snapshot) => snapshot.done);
  return (
    <section className="section just-done">
      <h2>{t('now.recent')}</h2>
      <ul className="strip">
        {doneAssets(done)
          .slice(0, SHOWN)
          .map((asset) => (
            <li key={asset.assetUuid}>
              <a href={routeTo('done', asset.assetUuid)}>
                <Poster
                  assetUuid={asset.assetUuid}
                  picture={poster(asset.artifacts) ?? posterOf(done, asset.assetUuid)}
                  alt=""
                  fallback={assetIcon(asset)}
                />
                <Name>{fileName(asset.sourcePath)}</Name>
              </a>
            </li>
          ))}
      </ul>
    </section>
  );
}
