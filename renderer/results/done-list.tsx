import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EndedJob } from '../../shared/snapshot.ts';
import { fileName } from '../format/name.ts';
import { count } from '../format/numbers.ts';
import { keep } from '../kept.ts';
import { ChipsOfFile } from '../queue/file-chips.tsx';
import { useEndedByFile, useQueuedByFile } from '../queue/of-files.ts';
import type { QueuedJob } from '../queue/queued-files.ts';
import type { DoneAsset } from '../selectors.ts';
import { Name } from '../ui/parts.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { useDayName, useInstant, useLanguage } from '../use-agent.ts';
import { rowsByDay, type DoneRow } from './days.ts';
import { HoverScrub } from './hover-scrub.tsx';
import { IconButton } from './icon-button.tsx';

/** How results are laid out while none of them is open. */
export const doneLayout = keep('done-layout', ['list', 'grid']);

export function LayoutChoice() {
  const { t } = useTranslation();
  const layout = doneLayout.use();
  return (
    <span className="layout-choice" role="group" aria-label={t('done.layout')}>
      <IconButton
        icon="queue"
        label={t('done.asList')}
        pressed={layout === 'list'}
        onClick={() => doneLayout.choose('list')}
      />
      <IconButton
        icon="grid"
        label={t('done.asGrid')}
        pressed={layout === 'grid'}
        onClick={() => doneLayout.choose('grid')}
      />
    </span>
  );
}

/** Pixels: the least width of a picture in the grid, and what stands below it. */
const TILE = 190;
const TILE_TEXT = 56;
const GAP = 16;
/** On both sides of a line. */
const PADDING = 2 * 24;

/** Finished files under their days, a row each or as pictures beside each other. */
export function DoneList({
  assets,
  jobs,
  label,
  chosen,
  isGrid,
  to,
  onEnd,
}: {
  readonly assets: readonly DoneAsset[];
  /** All of them that are known, older than the snapshot too. */
  readonly jobs: readonly EndedJob[];
  readonly label: string;
  readonly chosen: string | undefined;
  readonly isGrid: boolean;
  readonly to: (assetUuid: string) => string;
  readonly onEnd?: () => void;
}) {
  const ended = useEndedByFile(jobs);
  const queued = useQueuedByFile();
  const [box, width] = useWidth();
  const across = isGrid ? Math.max(1, Math.floor((width - PADDING + GAP) / (TILE + GAP))) : 1;
  const rows = useMemo(() => rowsByDay(assets, across), [assets, across]);
  const tile = (width - PADDING - (across - 1) * GAP) / across;
  const height = isGrid ? Math.round((tile * 9) / 16) + TILE_TEXT : 76;
  const heightOf = (row: DoneRow): number => (row.kind === 'day' ? 32 : height);
  return (
    <div className="done-list" ref={box} data-layout={isGrid ? 'grid' : 'list'}>
      <VirtualList
        items={rows}
        rowHeight={heightOf}
        label={label}
        keyOf={keyOf}
        isHeading={isDay}
        {...(onEnd === undefined ? {} : { onEnd })}
      >
        {(row) =>
          row.kind === 'day' ? (
            <Day row={row} />
          ) : (
            <div className="done-line" style={{ gridTemplateColumns: `repeat(${across}, minmax(0, 1fr))` }}>
              {row.assets.map((asset) => (
                <DoneFile
                  key={asset.assetUuid}
                  asset={asset}
                  ended={ended.get(asset.sourcePath)}
                  queued={queued.get(asset.sourcePath)}
                  href={to(asset.assetUuid)}
                  isCurrent={asset.assetUuid === chosen}
                />
              ))}
            </div>
          )
        }
      </VirtualList>
    </div>
  );
}

const keyOf = ({ key }: DoneRow): string => key;
const isDay = ({ kind }: DoneRow): boolean => kind === 'day';

function Day({ row }: { readonly row: Extract<DoneRow, { kind: 'day' }> }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const dayName = useDayName();
  return (
    <h2 className="done-day">
      {dayName(row.endedAt)} <span>{t('amount.files', { count: row.files, shown: count(row.files, language) })}</span>
    </h2>
  );
}

function DoneFile({
  asset,
  ended,
  queued,
  href,
  isCurrent,
}: {
  readonly asset: DoneAsset;
  readonly ended: readonly EndedJob[] | undefined;
  readonly queued: readonly QueuedJob[] | undefined;
  readonly href: string;
  readonly isCurrent: boolean;
}) {
  const { t } = useTranslation();
  const instant = useInstant();
  return (
    <div className="done-file">
      <a className="row" href={href} aria-current={isCurrent ? 'true' : undefined}>
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
        <ChipsOfFile queued={queued} ended={ended} />
      </span>
    </div>
  );
}

/** Of an element, in pixels, whenever it changes. */
function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(TILE + PADDING);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.querySelector('.virtual')?.clientWidth ?? 0));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [box, width] as const;
}
