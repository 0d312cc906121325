import { useTranslation } from 'react-i18next';
import type { OperatorJobPage } from '../../shared/wire.ts';
import type { PageState, WaitGroup } from '../../shared/wire-page.ts';
import { fileName, folderOf } from '../format/name.ts';
import { count } from '../format/numbers.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { Button, Empty, Name, ViewHeader } from '../ui/parts.tsx';
import { Split } from '../ui/split.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { useLanguage } from '../use-agent.ts';
import { useActs } from './acts.ts';
import { Asking } from './asking.tsx';
import { consoleTo } from './route.ts';
import { groupKey } from './overall-state.ts';
import { useMay, useSeen } from './use-server.ts';
import { GroupTitle, GroupWhy } from './wait-group.tsx';

/** What waits, by why it waits. */
export function WaitingView({ chosen }: { readonly chosen: string | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const seen = useSeen<PageState>('/page/state');
  const groups = seen.value?.waiting ?? [];
  const pending = seen.value?.by_status.pending ?? 0;
  const group = groups.find((each) => groupKey(each) === chosen);
  if (seen.value === null) {
    return (
      <>
        <ViewHeader title={t('console.waiting.title')} />
        <Asking seen={seen} />
      </>
    );
  }
  return (
    <>
      <ViewHeader
        title={t('console.waiting.title')}
        {...(pending === 0
          ? {}
          : { note: t('console.waiting.note', { count: pending, shown: count(pending, language) }) })}
      />
      {groups.length === 0 ? (
        <Empty icon="done" title={t('console.waiting.emptyTitle')}>
          <p>{t('console.waiting.emptyBody')}</p>
        </Empty>
      ) : (
        <Split
          isChosen={group !== undefined}
          older={undefined}
          list={
            <ul className="groups">
              {groups.map((each) => (
                <li key={groupKey(each)}>
                  <a
                    className="group"
                    href={consoleTo('waiting', groupKey(each))}
                    aria-current={each === group ? 'true' : undefined}
                  >
                    <GroupTitle group={each} />
                    <GroupWhy group={each} />
                  </a>
                </li>
              ))}
            </ul>
          }
        >
          {group === undefined ? (
            <Empty icon="queue" title={t('console.waiting.chooseTitle')}>
              <p>{t('console.waiting.chooseBody')}</p>
            </Empty>
          ) : (
            <GroupJobs key={groupKey(group)} group={group} />
          )}
        </Split>
      )}
    </>
  );
}

/** What a look at a list of jobs brings at most. */
const LISTED = 500;

function GroupJobs({ group }: { readonly group: WaitGroup }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const isHeld = group.reason === 'held';
  const query = new URLSearchParams({ status: 'pending', order: 'queue', limit: String(LISTED), held: String(isHeld) });
  if (group.job_type !== undefined) query.set('job_type', group.job_type);
  if (group.root !== undefined) query.set('search', `${group.root}/`);
  const seen = useSeen<OperatorJobPage>(`/jobs/all?${query}`);
  const jobs = (seen.value?.items ?? []).filter((job) => fits(group, job));
  return (
    <div className="group-jobs">
      <div className="group-head">
        <a className="back" href={consoleTo('waiting')}>
          <Icon name="back" size={14} /> {t('verb.back')}
        </a>
        <h2>
          <GroupTitle group={group} />
        </h2>
        <GroupWhy group={group} />
        <Verbs group={group} jobIds={jobs.map(({ job_id }) => job_id)} />
        {jobs.length > 0 && (
          <p className="row-when">{t('console.waiting.listed', { shown: count(jobs.length, language) })}</p>
        )}
      </div>
      {seen.value === null ? (
        <Asking seen={seen} />
      ) : (
        <VirtualList items={jobs} rowHeight={48} label={t('console.waiting.jobsOf')} keyOf={({ job_id }) => job_id}>
          {(job) => (
            <a className="row" href={consoleTo('job', job.job_id)}>
              <span className="row-text">
                <Name>{fileName(pathOf(job))}</Name>
                <span className="path">{folderOf(pathOf(job))}</span>
              </span>
            </a>
          )}
        </VirtualList>
      )}
    </div>
  );
}

type Listed = OperatorJobPage['items'][number];

/** As the server wrote it: `inputs.source_path` of JOB-TYPES. */
function pathOf({ inputs }: Listed): string {
  const path = typeof inputs === 'object' && inputs !== null && 'source_path' in inputs ? inputs.source_path : '';
  return typeof path === 'string' ? path : '';
}

/** The list has all that wait of this kind; what waits for something else of its own is left out. */
function fits({ reason, root }: WaitGroup, job: Listed): boolean {
  if ((reason === 'heldOff') !== (job.not_before !== undefined)) return reason === 'held';
  return root === undefined || pathOf(job).startsWith(`${root}/`);
}

const ICONS = { first: 'up', hold: 'pause', release: 'resume', cancel: 'cancel' } as const satisfies Record<
  string,
  IconName
>;

function Verbs({ group, jobIds }: { readonly group: WaitGroup; readonly jobIds: readonly string[] }) {
  const { t } = useTranslation();
  const mayAct = useMay('operator');
  const { operate } = useActs();
  if (!mayAct || jobIds.length === 0) return null;
  const operations =
    group.reason === 'held' ? (['release', 'cancel'] as const) : (['first', 'hold', 'cancel'] as const);
  return (
    <div className="queue-verbs">
      {operations.map((operation) => (
        <Button key={operation} icon={ICONS[operation]} onClick={() => operate(operation, jobIds)}>
          {t(`console.waiting.do.${operation}`)}
        </Button>
      ))}
    </div>
  );
}
