import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { JOB_TYPES, type JobType } from '../../shared/job.ts';
import { GRID_STATES, type GridAsset, type GridState } from '../../shared/wire-page.ts';
import { fileName, folderOf } from '../format/name.ts';
import { count } from '../format/numbers.ts';
import { useNarrowing } from '../results/address.ts';
import { SearchField } from '../results/filters.tsx';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { MarkAll } from '../ui/mark-all.tsx';
import { Button, Empty, Name, ViewHeader } from '../ui/parts.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { useLanguage } from '../use-agent.ts';
import { useActs } from './acts.ts';
import { GridMark } from './grid-mark.tsx';
import { usePaged } from './paged.ts';
import { consoleTo } from './route.ts';
import { useSettled } from './settled.ts';
import { useMay } from './use-server.ts';

const FILTERS = ['q'] as const;
/** Small enough to be there at once, large enough that ten thousand are a few questions. */
const PAGE = 500;

/** Every file with the state of each of its jobs, by colour and shape. */
export function AssetsView() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { values, set, clear } = useNarrowing('assets', FILTERS);
  const typed = values.q ?? '';
  const search = useSettled(typed);
  const query = new URLSearchParams({ limit: String(PAGE), ...(search === '' ? {} : { search }) });
  const { items, more } = usePaged<GridAsset>(`/page/assets?${query}`);
  const rows = useDeferredValue(items ?? []);
  const marks = useMarks(rows);
  const said = { count: rows.length, shown: count(rows.length, language) };
  return (
    <>
      <ViewHeader title={t('console.assets.title')} />
      <div className="narrow">
        <SearchField value={typed} label={t('console.assets.search')} onChange={(value) => set('q', value)} />
        <span role="status">
          {items === null || items.length === 0
            ? ''
            : t(more === undefined ? 'console.assets.listed' : 'console.assets.listedMore', said)}
        </span>
        <Legend />
      </div>
      {marks !== null && marks.marked.length > 0 && <MarkedVerbs marks={marks} />}
      {items === null ? (
        <p className="loading console-asking" role="status">
          {t('console.link.loading')}
        </p>
      ) : items.length === 0 && search === '' ? (
        <Empty icon="grid" title={t('console.assets.emptyTitle')}>
          <p>{t('console.assets.emptyBody')}</p>
        </Empty>
      ) : items.length === 0 ? (
        <Empty icon="search" title={t('console.assets.nothingTitle')}>
          <Button onClick={clear}>{t('console.assets.clear')}</Button>
        </Empty>
      ) : (
        <VirtualList
          items={rows}
          rowHeight={44}
          label={t('console.assets.title')}
          keyOf={({ uuid }) => uuid}
          head={<GridHead marks={marks} />}
          {...(more === undefined ? {} : { onEnd: more })}
        >
          {(asset) => <GridRow asset={asset} marks={marks} />}
        </VirtualList>
      )}
    </>
  );
}

interface Marks {
  /** Of the rows that are listed. */
  readonly marked: readonly string[];
  readonly isMarked: (uuid: string) => boolean;
  readonly toggle: (uuid: string) => void;
  readonly all: () => void;
  readonly none: () => void;
}

/** Which files an act is about; null for whoever may do nothing to them. */
function useMarks(rows: readonly GridAsset[]): Marks | null {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  if (!useMay('admin')) return null;
  return {
    marked: rows.flatMap(({ uuid }) => (chosen.has(uuid) ? [uuid] : [])),
    isMarked: (uuid) => chosen.has(uuid),
    toggle: (uuid) =>
      setChosen(
        (before) => new Set(before.has(uuid) ? [...before].filter((each) => each !== uuid) : [...before, uuid]),
      ),
    all: () => setChosen(new Set(rows.map(({ uuid }) => uuid))),
    none: () => setChosen(new Set()),
  };
}

function MarkedVerbs({ marks: { marked, none } }: { readonly marks: Marks }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { purge } = useActs();
  const said = { count: marked.length, shown: count(marked.length, language) };
  return (
    <div className="queue-verbs grid-verbs">
      <span>{t('console.assets.marked', said)}</span>
      <Button
        icon="cancel"
        onClick={() => {
          purge(marked);
          none();
        }}
      >
        {t('console.assets.purge')}
      </Button>
      <Button quiet onClick={none}>
        {t('queue.clearSelection')}
      </Button>
    </div>
  );
}

function GridHead({ marks }: { readonly marks: Marks | null }) {
  const { t } = useTranslation();
  return (
    <div className="grid-row grid-head">
      <span className="grid-file">
        {marks !== null && (
          <MarkAll
            label={t('console.assets.markAll')}
            any={marks.marked.length > 0}
            onAll={marks.all}
            onNone={marks.none}
          />
        )}
        <span aria-hidden="true">{t('console.assets.file')}</span>
      </span>
      {JOB_TYPES.map((type) => (
        <span key={type} className="grid-type" title={t(`jobType.${type}`)} aria-hidden="true">
          <Icon name={jobIcon(type)} size={14} /> <span className="grid-type-name">{t(`jobType.${type}`)}</span>
        </span>
      ))}
    </div>
  );
}

function GridRow({
  asset: { uuid, source_path, jobs },
  marks,
}: {
  readonly asset: GridAsset;
  readonly marks: Marks | null;
}) {
  const { t } = useTranslation();
  const name = fileName(source_path);
  return (
    <div className="grid-row" data-selected={marks?.isMarked(uuid) === true ? '' : undefined}>
      <span className="grid-file">
        {marks !== null && (
          <input
            type="checkbox"
            className="queue-check"
            aria-label={t('queue.select', { name })}
            checked={marks.isMarked(uuid)}
            onChange={() => marks.toggle(uuid)}
          />
        )}
        <span className="row-text">
          <Name>{name}</Name>
          <span className="path">{folderOf(source_path)}</span>
        </span>
      </span>
      {JOB_TYPES.map((type) => (
        <Cell key={type} type={type} job={jobs[type]} />
      ))}
    </div>
  );
}

function Cell({ type, job }: { readonly type: JobType; readonly job: GridAsset['jobs'][string] | undefined }) {
  const { t } = useTranslation();
  if (job === undefined) return <span className="grid-cell" />;
  const says = t('console.pair', { name: t(`jobType.${type}`), value: t(`console.assets.state.${job.state}`) });
  return (
    <a className="grid-cell" href={consoleTo('job', job.job_id)} aria-label={says} title={says}>
      <GridMark state={job.state} />
    </a>
  );
}

function Legend() {
  const { t } = useTranslation();
  return (
    <ul className="grid-legend" aria-label={t('console.assets.legend')}>
      {GRID_STATES.map((state: GridState) => (
        <li key={state}>
          <GridMark state={state} /> {t(`console.assets.state.${state}`)}
        </li>
      ))}
    </ul>
  );
}
