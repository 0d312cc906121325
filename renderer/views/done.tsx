import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { fileName } from '../format/name.ts';
import { useEnded } from '../history.ts';
import { routeTo } from '../route.ts';
import { doneAssets, pictures, poster, type DoneAsset } from '../selectors.ts';
import { assetIcon, Icon, jobIcon } from '../ui/icon.tsx';
import { Button, Empty, Name, ViewHeader } from '../ui/parts.tsx';
import { Poster } from '../ui/poster.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { useAgent, useInstant } from '../use-agent.ts';
import { DoneDetail } from './done-detail.tsx';

/** What was made: a list of files with their pictures, and everything about the chosen one. */
export function DoneView({ chosen }: { chosen: string | undefined }) {
  const { t } = useTranslation();
  const { jobs, older } = useEnded('done');
  const total = useAgent(({ totals }) => totals.done);
  const assets = useMemo(() => doneAssets(jobs), [jobs]);
  const asset = assets.find(({ assetUuid }) => assetUuid === chosen);
  const note = t('done.total', { count: Math.max(total, jobs.length) });
  return (
    <>
      <ViewHeader title={t('done.title')} note={note} />
      {assets.length === 0 ? (
        <Empty icon="done" title={t('done.emptyTitle')}>
          <p>{t('done.emptyBody')}</p>
        </Empty>
      ) : (
        <div className="split" data-chosen={asset === undefined ? undefined : ''}>
          <div className="split-list">
            <VirtualList items={assets} rowHeight={76} label={note} keyOf={({ assetUuid }) => assetUuid}>
              {(item) => <DoneRow asset={item} current={item.assetUuid === chosen} />}
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
            {asset === undefined ? (
              <Empty icon="picture" title={t('done.chooseTitle')}>
                <p>{t('done.chooseBody')}</p>
              </Empty>
            ) : (
              <DoneDetail key={asset.assetUuid} asset={asset} />
            )}
          </div>
        </div>
      )}
    </>
  );
}

function DoneRow({ asset, current }: { asset: DoneAsset; current: boolean }) {
  const { t } = useTranslation();
  const instant = useInstant();
  const thumbs = pictures(asset.artifacts).length;
  // Several results have no room for their names; their marks stand for them.
  const alone = asset.jobs.length === 1;
  return (
    <a className="row" href={routeTo('done', asset.assetUuid)} aria-current={current ? 'true' : undefined}>
      <Poster assetUuid={asset.assetUuid} picture={poster(asset.artifacts)} alt="" fallback={assetIcon(asset)} />
      <span className="row-text">
        <Name>{fileName(asset.sourcePath)}</Name>
        <span className="row-made">
          {asset.jobs.map((job) => {
            const pictured = job.jobType === 'generate_thumbnails' && thumbs > 0;
            const made = pictured ? t('done.thumbs', { count: thumbs }) : t(`jobType.${job.jobType}`);
            return (
              <span key={job.jobId} className="made" title={made}>
                <Icon name={jobIcon(job.jobType)} size={14} />
                <span className={alone ? undefined : 'visually-hidden'}>{made}</span>
              </span>
            );
          })}
        </span>
        <span className="row-when">
          {instant(asset.endedAt)}
          {asset.warnings.length > 0 && <span className="row-warning"> · {t('done.warnings')}</span>}
        </span>
      </span>
    </a>
  );
}
