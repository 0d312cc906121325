import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { containsText } from '../../shared/text-search.ts';
import { amountOf } from '../format/amounts.ts';
import { count } from '../format/numbers.ts';
import { Backlog } from '../queue/backlog.tsx';
import { Batches, useTimeAhead } from '../queue/batches.tsx';
import { FileRow } from '../queue/file-row.tsx';
import { JobPanel } from '../queue/job-panel.tsx';
import { QueueUndo, QueueVerbs } from '../queue/operations.tsx';
import { useClaimed, useEndedByFile } from '../queue/of-files.ts';
import { inOrder, ORDERS, queuedFiles, type QueuedFile, type QueuedJob } from '../queue/queued-files.ts';
import { useSelection, type Selection } from '../queue/selection.ts';
import { useNarrowing, type Narrowing } from '../results/address.ts';
import { SearchField } from '../results/filters.tsx';
import { useQueueSearch } from '../results/queue-search.ts';
import { waitGroups } from '../selectors.ts';
import { MarkAll } from '../ui/mark-all.tsx';
import { Button, Empty, ViewHeader } from '../ui/parts.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { useAgent, useLanguage } from '../use-agent.ts';
import { AddingStrip } from '../work/adding-panel.tsx';

const FILTERS = ['q', 'reason', 'sort'] as const;
type Filters = Narrowing<(typeof FILTERS)[number]>;

/** Held jobs are chosen among the reasons like those that wait; what a person put on hold is on the server alone. */
const CLAIMED = 'claimed';
const HELD = 'held';

/** Files with what is still to be made from them, running or waiting, each with its reason. */
export function QueueView({ chosen }: { readonly chosen: string | undefined }) {
  const { t } = useTranslation();
  const narrowing = useNarrowing('queue', FILTERS);
  const { values, set, to } = narrowing;
  const listing = useListing(values);
  const { files, total } = listing;
  const selection = useSelection(files);
  const ended = useEndedByFile();
  const mayOperate = useAgent(({ agent }) => agent.embeddedServer);
  const pending = useAgent(({ backlog }) => backlog?.byStatus.pending ?? 0);
  const note = useNote();
  const open = files.find(({ jobs }) => jobs.some(({ jobId }) => jobId === chosen));
  const nothing = total === 0 && listing.held === 0;
  return (
    <>
      <ViewHeader title={t('queue.title')} note={note} />
      <AddingStrip />
      <Batches />
      <Backlog />
      {!nothing && (
        <div className="narrow">
          <SearchField value={values.q ?? ''} label={t('results.searchFiles')} onChange={(value) => set('q', value)} />
          <OrderChoice narrowing={narrowing} />
          {listing.found !== null && <span role="status">{listing.found}</span>}
        </div>
      )}
      <Reasons narrowing={narrowing} held={listing.held} />
      <QueueUndo />
      {mayOperate && selection.files.length > 0 && <SelectionBar selection={selection} />}
      {nothing ? (
        <Empty icon="queue" title={pending === 0 ? t('queue.emptyTitle') : t('queue.othersTitle')}>
          <p>{pending === 0 ? t('queue.emptyBody') : t('queue.othersBody', { count: pending })}</p>
        </Empty>
      ) : (
        <div className="queue-split" data-chosen={open === undefined ? undefined : ''}>
          <VirtualList
            items={files}
            rowHeight={48}
            label={note}
            keyOf={keyOfFile}
            head={<QueueHead selection={mayOperate ? selection : null} />}
            {...(listing.more === undefined ? {} : { onEnd: listing.more })}
          >
            {(file) => (
              <FileRow
                file={file}
                ended={ended.get(file.sourcePath)}
                chosen={file === open ? chosen : undefined}
                to={to}
                onSelect={mayOperate ? selection.toggle : undefined}
                selected={selection.keys.has(file.key)}
              />
            )}
          </VirtualList>
          {open !== undefined && chosen !== undefined && (
            <JobPanel file={open} ended={ended.get(open.sourcePath)} jobId={chosen} to={to} />
          )}
        </div>
      )}
    </>
  );
}

const keyOfFile = ({ key }: QueuedFile): string => key;

/** How much waits, in files with their jobs, and how long it will take. */
function useNote(): string {
  const { t } = useTranslation();
  const language = useLanguage();
  const waiting = useAgent((snapshot) => snapshot.waiting);
  const claimed = useClaimed();
  const pending = useAgent(({ backlog }) => backlog?.byStatus.pending ?? 0);
  const queue = useAgent((snapshot) => snapshot.queue);
  // One batch alone says it itself.
  const left = useTimeAhead(queue === null || queue.batches.length === 1 ? undefined : queue.pending);
  const files = useMemo(() => queuedFiles(waiting).length, [waiting]);
  const all = queue?.files ?? files;
  const waits =
    pending > waiting.length && queue === null
      ? t('queue.waitingOf', {
          count: waiting.length,
          shown: count(waiting.length, language),
          all: count(pending, language),
        })
      : t('queue.waitingFiles', {
          count: all,
          amount: amountOf(all, Math.max(pending, waiting.length), t, language),
        });
  const parts = [
    waits,
    ...(claimed.length === 0 ? [] : [t('queue.claimed', { count: queuedFiles(claimed).length })]),
    ...(left === null ? [] : [left]),
  ];
  return parts.join(' · ');
}

interface Listing {
  readonly files: readonly QueuedFile[];
  /** Jobs that are known here, whatever is searched for. */
  readonly total: number;
  /** Files on hold. */
  readonly held: number;
  /** How many of how many are listed, where something is looked for. */
  readonly found: string | null;
  readonly more?: () => void;
}

function useListing(values: Filters['values']): Listing {
  const { t } = useTranslation();
  const language = useLanguage();
  const waiting = useAgent((snapshot) => snapshot.waiting);
  const held = useAgent(({ queue }) => queue?.heldFiles ?? 0);
  const claimed = useClaimed();
  const search = values.q ?? '';
  const onHold = values.reason === HELD && held > 0;
  const answer = useQueueSearch(search, onHold);
  const order = ORDERS.find((each) => each === values.sort) ?? 'start';
  const jobs = useMemo(() => {
    const fits = ({ sourcePath }: QueuedJob): boolean => search === '' || containsText(sourcePath, search);
    if (onHold) return answer?.jobs ?? [];
    const own = claimed.filter(fits);
    if (values.reason === CLAIMED) return own;
    // What was found may have been claimed since; until the server has answered, what is listed here is looked through.
    const ids = new Set(claimed.map(({ jobId }) => jobId));
    const found = answer === null ? waiting.filter(fits) : answer.jobs.filter(({ jobId }) => !ids.has(jobId));
    const isReason = waiting.some(({ reason }) => reason.kind === values.reason);
    return isReason ? found.filter(({ reason }) => reason.kind === values.reason) : [...own, ...found];
  }, [claimed, waiting, answer, search, onHold, values.reason]);
  const files = useMemo(() => inOrder(queuedFiles(jobs), order), [jobs, order]);
  const looks = search !== '' || onHold;
  const isWhole = answer === null || answer.more === undefined;
  const amount = amountOf(files.length, jobs.length, t, language);
  return {
    files,
    total: waiting.length + claimed.length,
    held,
    found: !looks
      ? null
      : isWhole
        ? t('queue.found', { count: files.length, amount })
        : t('queue.foundOf', { amount, all: count(answer.total, language) }),
    ...(answer?.more === undefined ? {} : { more: answer.more }),
  };
}

function OrderChoice({ narrowing: { values, set } }: { readonly narrowing: Filters }) {
  const { t } = useTranslation();
  return (
    <label className="order-choice">
      {t('queue.sort')}{' '}
      <select
        className="input"
        value={values.sort ?? 'start'}
        onChange={({ target }) => set('sort', target.value === 'start' ? undefined : target.value)}
      >
        {ORDERS.map((order) => (
          <option key={order} value={order}>
            {t(`queue.order.${order}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Reasons({ narrowing: { values, set }, held }: { readonly narrowing: Filters; readonly held: number }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const waiting = useAgent((snapshot) => snapshot.waiting);
  const claimed = useClaimed();
  const groups = useMemo(() => waitGroups(waiting), [waiting]);
  const here = useMemo(() => queuedFiles(claimed).length, [claimed]);
  const all = useMemo(() => queuedFiles([...claimed, ...waiting]).length, [claimed, waiting]);
  const kinds = [
    ...(here > 0 ? [[CLAIMED, t('queue.claimedHere'), here] as const] : []),
    ...(held > 0 ? [[HELD, t('waitGroup.held'), held] as const] : []),
    ...groups.map((group) => [group.kind, t(`waitGroup.${group.kind}`), group.count] as const),
  ];
  if (kinds.length < 2 && held === 0) return null;
  const chosen = kinds.find(([kind]) => kind === values.reason)?.[0];
  return (
    <div className="chips filters" role="group" aria-label={t('queue.reason')}>
      <button type="button" aria-pressed={chosen === undefined} onClick={() => set('reason', undefined)}>
        {t('queue.all')} <span>{count(all, language)}</span>
      </button>
      {kinds.map(([kind, name, number]) => (
        <button key={kind} type="button" aria-pressed={chosen === kind} onClick={() => set('reason', kind)}>
          {name} <span>{count(number, language)}</span>
        </button>
      ))}
    </div>
  );
}

function SelectionBar({ selection: { files, clear } }: { readonly selection: Selection }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const jobs = files.flatMap((file) => file.jobs);
  return (
    <div className="selection" role="group" aria-label={t('queue.selection')}>
      <strong>
        {t('queue.selected', { count: files.length, amount: amountOf(files.length, jobs.length, t, language) })}
      </strong>
      <QueueVerbs jobs={jobs} onDone={clear} />
      <Button quiet onClick={clear}>
        {t('queue.clearSelection')}
      </Button>
    </div>
  );
}

function QueueHead({ selection }: { readonly selection: Selection | null }) {
  const { t } = useTranslation();
  return (
    <div className="queue-row queue-head">
      {selection !== null && (
        <MarkAll
          label={t('queue.selectAll')}
          any={selection.files.length > 0}
          onAll={selection.all}
          onNone={selection.clear}
        />
      )}
      <span aria-hidden="true">{t('queue.file')}</span>
      <span aria-hidden="true">{t('queue.jobs')}</span>
      <span aria-hidden="true">{t('queue.reason')}</span>
    </div>
  );
}
