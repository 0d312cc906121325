import { memo, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useShallow } from 'zustand/react/shallow';
import { CAPABILITIES, isJobType, JOB_TYPE_OF, JOB_STATUSES } from '../../shared/job.ts';
import type { RunningJob, WaitingJob, WaitReason } from '../../shared/snapshot.ts';
import { fileName, folderOf, visible } from '../format/name.ts';
import { bytes, count } from '../format/numbers.ts';
import { useNarrowing } from '../results/address.ts';
import { SearchField } from '../results/filters.tsx';
import { useQueueSearch } from '../results/queue-search.ts';
import { holds } from '../../shared/fold.ts';
import { stageKey, waitGroups, withoutCapability } from '../selectors.ts';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { Empty, Name, ViewHeader } from '../ui/parts.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { useAgent, useInstant, useLanguage, usePage } from '../use-agent.ts';
import { AddingStrip } from '../work/adding-panel.tsx';

const FILTERS = ['q', 'reason'] as const;

/** Held jobs are chosen among the reasons like those that wait. */
const CLAIMED = 'claimed';

/** What is claimed, what waits, each with its reason, and what nobody can do. */
export function QueueView() {
  const { t } = useTranslation();
  const language = useLanguage();
  const waiting = useAgent((snapshot) => snapshot.waiting);
  const claimed = useClaimed();
  const { values, set } = useNarrowing('queue', FILTERS);
  const search = values.q ?? '';
  const found = useQueueSearch(search);
  // Until the server has answered, what is listed here is looked through.
  const listed = useMemo(() => {
    if (found === null) return search === '' ? waiting : waiting.filter(({ sourcePath }) => holds(sourcePath, search));
    // What was found may have been claimed since.
    const ids = new Set(claimed.map(({ jobId }) => jobId));
    return found.jobs.filter(({ jobId }) => !ids.has(jobId));
  }, [found, waiting, claimed, search]);
  const groups = useMemo(() => waitGroups(waiting), [waiting]);
  const kind =
    values.reason === CLAIMED ? CLAIMED : (groups.find((group) => group.kind === values.reason)?.kind ?? null);
  const held = useMemo(
    () => (search === '' ? claimed : claimed.filter(({ sourcePath }) => holds(sourcePath, search))),
    [claimed, search],
  );
  const shown = useMemo((): readonly (RunningJob | WaitingJob)[] => {
    if (kind === null) return [...held, ...listed];
    return kind === CLAIMED ? held : listed.filter((job) => job.reason.kind === kind);
  }, [held, listed, kind]);
  const reason = useReason();
  const total = claimed.length + waiting.length;
  const pending = useAgent(({ backlog }) => backlog?.by_status.pending ?? 0);
  const waits =
    pending > waiting.length
      ? t('queue.waitingOf', {
          count: waiting.length,
          shown: count(waiting.length, language),
          all: count(pending, language),
        })
      : t('queue.waiting', { count: waiting.length });
  const note = claimed.length === 0 ? waits : `${waits} · ${t('queue.claimed', { count: claimed.length })}`;
  const all = kind === null && found !== null ? held.length + found.total : shown.length;
  const foundWords =
    all > shown.length
      ? t('queue.foundOf', { shown: count(shown.length, language), all: count(all, language) })
      : t('queue.found', { count: all, all: count(all, language) });
  return (
    <>
      <ViewHeader title={t('queue.title')} note={note} />
      <AddingStrip />
      <Backlog />
      {total > 0 && (
        <div className="narrow">
          <SearchField value={values.q ?? ''} label={t('results.searchFiles')} onChange={(value) => set('q', value)} />
          {search !== '' && <span role="status">{foundWords}</span>}
        </div>
      )}
      {groups.length + Math.min(1, claimed.length) > 1 && (
        <div className="filters" role="group" aria-label={t('queue.reason')}>
          <button type="button" aria-pressed={kind === null} onClick={() => set('reason', undefined)}>
            {t('queue.all')} <span>{count(total, language)}</span>
          </button>
          {claimed.length > 0 && (
            <button type="button" aria-pressed={kind === CLAIMED} onClick={() => set('reason', CLAIMED)}>
              {t('queue.claimedHere')} <span>{count(claimed.length, language)}</span>
            </button>
          )}
          {groups.map((group) => (
            <button
              key={group.kind}
              type="button"
              aria-pressed={kind === group.kind}
              onClick={() => set('reason', group.kind)}
            >
              {t(`waitGroup.${group.kind}`)} <span>{count(group.count, language)}</span>
            </button>
          ))}
        </div>
      )}
      {total === 0 ? (
        <Empty icon="queue" title={pending === 0 ? t('queue.emptyTitle') : t('queue.othersTitle')}>
          <p>{pending === 0 ? t('queue.emptyBody') : t('queue.othersBody', { count: pending })}</p>
        </Empty>
      ) : (
        <VirtualList
          items={shown}
          rowHeight={44}
          label={note}
          keyOf={(job) => job.jobId}
          head={<QueueHead />}
          {...(found?.more === undefined ? {} : { onEnd: found.more })}
        >
          {(job) => ('reason' in job ? <QueueRow job={job} reason={reason(job.reason)} /> : <ClaimedRow job={job} />)}
        </VirtualList>
      )}
    </>
  );
}

function QueueHead() {
  const { t } = useTranslation();
  return (
    <div className="queue-row queue-head" aria-hidden="true">
      <span>{t('queue.file')}</span>
      <span>{t('queue.job')}</span>
      <span className="number">{t('queue.priority')}</span>
      <span>{t('queue.reason')}</span>
    </div>
  );
}

/** Held jobs, as they were claimed; another array only when one comes or goes, not with every step of progress. */
function useClaimed(): readonly RunningJob[] {
  const { store } = usePage().replica;
  const ids = useAgent(useShallow(({ running }) => running.map(({ jobId }) => jobId)));
  return useMemo(
    () => store.getState().snapshot?.running.filter(({ jobId }) => ids.includes(jobId)) ?? [],
    [ids, store],
  );
}

const QueueRow = memo(function QueueRow({ job, reason }: { job: WaitingJob; reason: string }) {
  return (
    <div className="queue-row">
      <QueuedFile job={job} />
      <span className="number">{job.priority}</span>
      <span className="queue-reason" data-kind={job.reason.kind}>
        {reason}
      </span>
    </div>
  );
});

/** Sentences of their own: nothing is done on this machine just then. */
const STANDING: ReadonlySet<string> = new Set(['cancelling', 'suspended', 'delivering'] satisfies ReturnType<
  typeof stageKey
>[]);

const ClaimedRow = memo(function ClaimedRow({ job }: { job: RunningJob }) {
  const { t } = useTranslation();
  const stage = useAgent(({ running }) => {
    const held = running.find(({ jobId }) => jobId === job.jobId);
    return held === undefined ? null : stageKey(held);
  });
  return (
    <div className="queue-row">
      <QueuedFile job={job} />
      <span className="number" aria-hidden="true">
        –
      </span>
      <span className="queue-reason" data-kind="claimed">
        {stage !== null &&
          (STANDING.has(stage) ? t(`stage.${stage}`) : t('queue.isClaimed', { stage: t(`stage.${stage}`) }))}
      </span>
    </div>
  );
});

function QueuedFile({ job }: { readonly job: RunningJob | WaitingJob }) {
  const { t } = useTranslation();
  const folder = folderOf(job.sourcePath);
  return (
    <>
      <span className="queue-file">
        <Name>{fileName(job.sourcePath)}</Name>
        <span className="path" title={folder}>
          <bdi>{folder}</bdi>
        </span>
      </span>
      <span className="queue-job">
        <Icon name={jobIcon(job.jobType)} size={14} />
        {isJobType(job.jobType) ? t(`jobType.${job.jobType}`) : t('jobType.other', { type: visible(job.jobType) })}
      </span>
    </>
  );
}

/** Turns a reason into a sentence. */
function useReason(): (reason: WaitReason) => string {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  const capability = useCapabilityName();
  return (reason) => {
    switch (reason.kind) {
      case 'slot':
      case 'paused':
      case 'draining':
      case 'yielding':
      case 'not-allowed':
      case 'source-growing':
        return t(`wait.${reason.kind}`);
      case 'unsupported-type':
        return t('wait.unsupported-type', { jobType: visible(reason.jobType) });
      case 'no-capability':
        return t('wait.no-capability', { capability: capability(reason.capability) });
      case 'root-unknown':
        return t('wait.root-unknown', { path: visible(reason.path) });
      case 'root-unavailable':
        return t('wait.root-unavailable', { root: visible(reason.root) });
      case 'held-off':
        return t('wait.held-off', { until: instant(reason.until) });
      case 'set-aside':
        return t('wait.set-aside', { count: reason.crashes });
      case 'quiet-hours':
        return reason.until === undefined
          ? t('wait.quiet-hours')
          : t('wait.quiet-hours-until', { until: instant(reason.until) });
      case 'disk':
        return t('wait.disk', { needed: bytes(reason.neededBytes, language), free: bytes(reason.freeBytes, language) });
    }
  };
}

function useCapabilityName(): (name: string) => string {
  const { t } = useTranslation();
  return (name) => {
    const known = CAPABILITIES.find((capability) => capability === name);
    return known === undefined ? t('capability.other', { name: visible(name) }) : t(`capability.${JOB_TYPE_OF[known]}`);
  };
}

function Backlog() {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  const backlog = useAgent((snapshot) => snapshot.backlog);
  const link = useAgent(({ server }) => server.link);
  const lastContact = useAgent(({ server }) => server.lastContactAt);
  const capability = useCapabilityName();
  if (backlog === null) return null;
  const orphans = withoutCapability({ backlog });
  const isStale = link !== 'connected';
  return (
    <div className="backlog">
      <div>
        <h2>
          {isStale && lastContact !== undefined
            ? t('queue.onServerThen', { time: instant(lastContact) })
            : t('queue.onServer')}
        </h2>
        <dl className="counts">
          {JOB_STATUSES.map((status) => (
            <div key={status}>
              <dd>{count(backlog.by_status[status] ?? 0, language)}</dd>
              <dt>{t(`jobStatus.${status}`)}</dt>
            </div>
          ))}
        </dl>
      </div>
      {orphans.length > 0 && (
        <div className="orphans">
          <h2>{t('queue.noCapability')}</h2>
          <ul>
            {orphans.map(([name, number]) => (
              <li key={name}>
                {capability(name)} <strong>{t('queue.pendingCount', { count: number })}</strong>
              </li>
            ))}
          </ul>
          <p>{t('queue.noCapabilityBody')}</p>
        </div>
      )}
    </div>
  );
}
