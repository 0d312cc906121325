import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { isJobType, JOB_TYPES } from '../../shared/job.ts';
import { amountOf } from '../format/amounts.ts';
import { useNarrowing } from '../results/address.ts';
import { Chips, NothingFound, SearchField } from '../results/filters.tsx';
import { DoneList, doneLayout, LayoutChoice } from '../results/done-list.tsx';
import { usePast } from '../results/past.ts';
import { ResultDetail } from '../results/result-detail.tsx';
import { SaveProxies } from '../results/save-proxies.tsx';
import { doneAssets, filesOf } from '../selectors.ts';
import { Empty, ViewHeader } from '../ui/parts.tsx';
import { Split } from '../ui/split.tsx';
import { useAgent, useLanguage } from '../use-agent.ts';

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
  const isGrid = doneLayout.use() === 'grid' && asset === undefined;
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
        <LayoutChoice />
        {isNarrowed && <span role="status">{t('results.found', { count: assets.length })}</span>}
      </div>
      <Split
        isChosen={asset !== undefined}
        isWhole={isGrid}
        older={older}
        list={
          assets.length === 0 ? (
            <NothingFound clear={clear} />
          ) : (
            <DoneList
              assets={assets}
              jobs={jobs}
              label={note}
              chosen={chosen}
              isGrid={isGrid}
              to={to}
              {...(older === undefined ? {} : { onEnd: older })}
            />
          )
        }
      >
        {asset === undefined ? (
          <Empty icon="picture" title={t('done.chooseTitle')}>
            <p>{t('done.chooseBody')}</p>
          </Empty>
        ) : (
          <ResultDetail key={asset.assetUuid} asset={asset} back={to(undefined)} />
        )}
      </Split>
    </>
  );
}
