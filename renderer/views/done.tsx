import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { EndedJob } from '../../shared/snapshot.ts';
import { isJobType, JOB_TYPES } from '../../shared/job.ts';
import { amountOf } from '../format/amounts.ts';
import { fileName } from '../format/name.ts';
import { FileChips } from '../queue/file-chips.tsx';
import { useJobStates } from '../queue/job-state.ts';
import { useEndedByFile, useQueuedByFile } from '../queue/of-files.ts';
import type { QueuedJob } from '../queue/queued-files.ts';
import { useNarrowing } from '../results/address.ts';
import { Chips, SearchField } from '../results/filters.tsx';
import { HoverScrub } from '../results/hover-scrub.tsx';
import { usePast } from '../results/past.ts';
import { ResultDetail } from '../results/result-detail.tsx';
import { SaveProxies } from '../results/save-proxies.tsx';
import { routeTo } from '../route.ts';
import { doneAssets, filesOf, type DoneAsset } from '../selectors.ts';
import { Button, Empty, Name, ViewHeader } from '../ui/parts.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { useAgent, useInstant, useLanguage } from '../use-agent.ts';

const FILTERS = ['q', 'type'] as const;

/** What was made: a list of files with their pictures, and everything about the chosen one. */
export function DoneView({ chosen }: { chosen: string | undefined }) {
  const { t } = useTranslation();
  const { values, set, clear, to } = useNarrowing('done', FILTERS);
  const search = values.q ?? '';
  const jobType = values.type !== undefined && isJobType(values.type) ? values.type : undefined;
  const { jobs, older } = usePast({ search, jobType });
  const everything = useAgent((snapshot) => snapshot.done);
  const totals = useAgent((snapshot) => snapshot.totals);
  const assets = useMemo(() => doneAssets(jobs), [jobs]);
  const ended = useEndedByFile(jobs);
  const queued = useQueuedByFile();
  // A result stays open while its file is filtered out of the list beside it.
  const asset = useMemo(
    () =>
      assets.find(({ assetUuid }) => assetUuid === chosen) ??
      doneAssets(everything).find(({ assetUuid }) => assetUuid === chosen),
    [assets, everything, chosen],
  );
  useEffect(() => {
    // A link to something older than what is loaded: it is looked for, page by page.
    if (chosen !== undefined && asset === undefined) older?.();
  }, [chosen, asset, older]);
  const isNarrowed = search !== '' || jobType !== undefined;
  const language = useLanguage();
  const files = Math.max(totals.doneFiles, filesOf(everything));
  const amount = amountOf(files, Math.max(totals.done, everything.length), t, language);
  const note = t('done.total', { count: files, amount });
  if (everything.length === 0 && assets.length === 0 && !isNarrowed) {
    return (
      <>
        <ViewHeader title={t('done.title')} note={note} />
        <Empty icon="done" title={t('done.emptyTitle')}>
          <p>{t('done.emptyBody')}</p>
        </Empty>
      </>
    );
  }
  return (
    <>
      <ViewHeader title={t('done.title')} note={note}>
        <SaveProxies assets={assets} />
      </ViewHeader>
      <div className="narrow">
        <SearchField value={search} label={t('results.searchFiles')} onChange={(value) => set('q', value)} />
        <Chips
          label={t('results.type')}
          options={JOB_TYPES.map((type) => [type, t(`jobType.${type}`)] as const)}
          chosen={jobType}
          onChoose={(value) => set('type', value)}
        />
        {isNarrowed && <span role="status">{t('results.found', { count: assets.length })}</span>}
      </div>
      <div className="split" data-chosen={asset === undefined ? undefined : ''}>
        <div className="split-list">
          {assets.length === 0 ? (
            <Empty icon="search" title={t('results.nothingFound')}>
              <Button onClick={clear}>{t('results.clearFilters')}</Button>
            </Empty>
          ) : (
            <VirtualList
              items={assets}
              rowHeight={76}
              label={note}
              keyOf={({ assetUuid }) => assetUuid}
              {...(older === undefined ? {} : { onEnd: older })}
            >
              {(item) => (
                <DoneRow
                  asset={item}
                  ended={ended.get(item.sourcePath)}
                  queued={queued.get(item.sourcePath)}
                  href={to(item.assetUuid)}
                  current={item.assetUuid === chosen}
                />
              )}
            </VirtualList>
          )}
          {older !== undefined && (
            <div className="split-more">
              <Button quiet onClick={older}>
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
            <ResultDetail key={asset.assetUuid} asset={asset} back={to(undefined)} />
          )}
        </div>
      </div>
    </>
  );
}

function DoneRow({
  asset,
  ended,
  queued,
  href,
  current,
}: {
  asset: DoneAsset;
  ended: readonly EndedJob[] | undefined;
  queued: readonly QueuedJob[] | undefined;
  href: string;
  current: boolean;
}) {
  const { t } = useTranslation();
  const instant = useInstant();
  const states = useJobStates(queued ?? []);
  return (
    <>
      <a className="row" href={href} aria-current={current ? 'true' : undefined}>
        <HoverScrub asset={asset} />
        <span className="row-text">
          <Name>{fileName(asset.sourcePath)}</Name>
          <span className="row-when">
            {instant(asset.endedAt)}
            {asset.warnings.length > 0 && <span className="row-warning"> · {t('done.warnings')}</span>}
          </span>
          <span className="row-chips-place" />
        </span>
      </a>
      <span className="row-chips">
        <FileChips jobs={queued ?? []} states={states} ended={ended} to={(jobId) => routeTo('queue', jobId)} />
      </span>
    </>
  );
}
