import { useTranslation } from 'react-i18next';
import type { Snapshot } from '../../shared/snapshot.ts';
import { MachineLoad } from '../activity/machine-load.tsx';
import { fileName } from '../format/name.ts';
import { count } from '../format/numbers.ts';
import { useEndedByFile, useQueuedByFile } from '../queue/of-files.ts';
import { routeTo } from '../route.ts';
import { doneAssets, filesOf, isFirstRun, poster, posterOf, readAlong } from '../selectors.ts';
import { cannotWork } from '../../shared/agent-health.ts';
import { assetIcon } from '../ui/icon.tsx';
import { Empty, Name, ViewHeader } from '../ui/parts.tsx';
import { Poster } from '../ui/poster.tsx';
import { useAgent, useLanguage, useNow, useReplica } from '../use-agent.ts';
import { AddingStrip } from '../work/adding-panel.tsx';
import { FirstRun } from './first-run.tsx';
import { RunningFile } from './running-file.tsx';
import { YieldBanner } from './yield-banner.tsx';

/** What runs on this machine right now. */
export function NowView() {
  const { t } = useTranslation();
  const language = useLanguage();
  const running = useAgent((snapshot) => snapshot.running);
  const max = useAgent((snapshot) => snapshot.agent.maxParallelJobs);
  const done = useAgent((snapshot) => snapshot.done);
  const ticking = useNow();
  const lostSince = useReplica(({ link }) => (link.kind === 'lost' ? link.since : null));
  // What is not heard of does not run on.
  const now = lostSince ?? ticking;
  const first = useAgent(isFirstRun);
  const ended = useEndedByFile();
  const queued = useQueuedByFile();
  const alongside = useAgent(readAlong);
  const slots = [
    t('now.slots', { count: running.length - alongside, max }),
    ...(alongside === 0 ? [] : [t('now.alongside', { count: alongside })]),
  ].join(' · ');
  const files = filesOf(running);
  const note = files === 0 ? slots : `${t('amount.files', { count: files, shown: count(files, language) })} · ${slots}`;
  return (
    <>
      <ViewHeader title={t('now.title')} note={note} />
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
            {Object.entries(Object.groupBy(running, ({ assetUuid }) => assetUuid)).map(([assetUuid, jobs = []]) => (
              <li key={assetUuid}>
                <RunningFile jobs={jobs} now={now} ended={ended} queued={queued} />
              </li>
            ))}
          </ul>
        )}
        {!first && <MachineLoad />}
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
  if (cannotWork(snapshot)) return 'now.emptyTrouble' as const;
  if (link !== 'connected' && link !== 'connecting') return 'now.emptyUnreachable' as const;
  if (snapshot.yielding !== null) return 'now.emptyYielding' as const;
  return snapshot.waiting.length > 0 ? ('now.emptyWaiting' as const) : ('now.emptyNothing' as const);
}

const SHOWN = 6;

function JustDone() {
  const { t } = useTranslation();
  const done = useAgent((snapshot) => snapshot.done);
  return (
    <section className="section just-done" aria-labelledby="just-done">
      <h2 id="just-done">{t('now.recent')}</h2>
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
