import { useTranslation } from 'react-i18next';
import type { FailedJob, FailureCause, FailureCauses } from '../../shared/wire-page.ts';
import { fileName, folderOf, visible } from '../format/name.ts';
import { count } from '../format/numbers.ts';
import { Icon } from '../ui/icon.tsx';
import { Button, Empty, Name, ViewHeader } from '../ui/parts.tsx';
import { Split } from '../ui/split.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { useInstant, useLanguage } from '../use-agent.ts';
import { useActs } from './acts.ts';
import { Asking } from './asking.tsx';
import { CauseFacts } from './cause-facts.tsx';
import { useCauseText } from './cause-text.ts';
import { usePaged } from './paged.ts';
import { consoleTo } from './route.ts';
import { useMay, useSeen } from './use-server.ts';
import { useJobs } from './words.ts';

/** What failed for good, by its cause over all machines, and what to do about it. */
export function FailuresView({ chosen }: { readonly chosen: string | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const seen = useSeen<FailureCauses>('/failures');
  const causes = seen.value?.items ?? [];
  const all = causes.reduce((sum, { jobs }) => sum + jobs, 0);
  const cause = causes.find((each) => each.cause === chosen);
  return (
    <>
      <ViewHeader
        title={t('console.failures.title')}
        {...(all === 0 ? {} : { note: t('console.failures.note', { count: all, shown: count(all, language) }) })}
      />
      {seen.value === null ? (
        <Asking seen={seen} />
      ) : causes.length === 0 ? (
        <Empty icon="done" title={t('console.failures.emptyTitle')}>
          <p>{t('console.failures.emptyBody')}</p>
        </Empty>
      ) : (
        <Split
          isChosen={cause !== undefined}
          older={undefined}
          list={
            <VirtualList items={causes} rowHeight={84} label={t('console.failures.causes')} keyOf={keyOf}>
              {(each) => <CauseRow cause={each} isChosen={each === cause} />}
            </VirtualList>
          }
        >
          {cause === undefined ? (
            <Empty icon="failures" title={t('console.failures.chooseTitle')}>
              <p>{t('console.failures.chooseBody')}</p>
            </Empty>
          ) : (
            <CauseDetail key={cause.cause} cause={cause} at={seen.value.at} />
          )}
        </Split>
      )}
    </>
  );
}

const keyOf = ({ cause }: FailureCause): string => cause;

function CauseRow({ cause, isChosen }: { readonly cause: FailureCause; readonly isChosen: boolean }) {
  const { t } = useTranslation();
  const jobs = useJobs();
  const { short, language, fault } = useCauseText()(cause.example);
  return (
    <a
      className="cause cause-link"
      data-ending="failed"
      href={consoleTo('failures', cause.cause)}
      aria-current={isChosen ? 'true' : undefined}
    >
      <span className="cause-sentence" lang={language}>
        {short}
      </span>
      <span className="row-when">
        {jobs(cause.jobs)} · {t(`console.failures.faultShort.${fault}`)}
        {cause.agents.length > 0 && ` · ${agentsOf(cause)}`}
      </span>
    </a>
  );
}

/** Names in a row; of many the first. */
const NAMED = 2;

function agentsOf({ agents }: FailureCause): string {
  const names = agents.slice(0, NAMED).map(({ agent_name }) => visible(agent_name));
  return agents.length > NAMED ? `${names.join(', ')} +${agents.length - NAMED}` : names.join(', ');
}

/** `at`: when the causes were looked at; what failed later is not meant by “all”. */
function CauseDetail({ cause, at }: { readonly cause: FailureCause; readonly at: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  const mayAct = useMay('operator');
  const { retryCause } = useActs();
  const text = useCauseText()(cause.example);
  const on = cause.agents
    .map(({ agent_name, jobs }) =>
      t('console.failures.onAgent', { name: visible(agent_name), shown: count(jobs, language) }),
    )
    .join(', ');
  return (
    <div className="group-jobs">
      <article className="group-head">
        <a className="back" href={consoleTo('failures')}>
          <Icon name="back" size={14} /> {t('verb.back')}
        </a>
        <h2 className="detail-title" lang={text.language}>
          {text.short}
        </h2>
        <CauseFacts
          text={text}
          code={cause.example.error_code}
          rows={[
            [t('console.failures.on'), on],
            [t('console.failures.last'), instant(cause.last_at)],
            [t('console.failures.example'), fileName(cause.example.source_path)],
          ]}
        />
        {mayAct && (
          <div className="queue-verbs">
            <Button icon="retry" onClick={() => retryCause(cause, at, false)}>
              {t('console.failures.retry', { count: cause.jobs, shown: count(cause.jobs, language) })}
            </Button>
            {cause.agents.length > 0 && (
              <Button icon="retry" onClick={() => retryCause(cause, at, true)}>
                {t('console.failures.elsewhere')}
              </Button>
            )}
          </div>
        )}
      </article>
      <CauseJobs cause={cause} />
    </div>
  );
}

function CauseJobs({ cause: { cause } }: { readonly cause: FailureCause }) {
  const { t } = useTranslation();
  const instant = useInstant();
  const { items, more } = usePaged<FailedJob>(`/failures/jobs?limit=200&cause=${encodeURIComponent(cause)}`);
  return (
    <VirtualList
      items={items ?? []}
      rowHeight={48}
      label={t('console.failures.jobs')}
      keyOf={({ job_id }) => job_id}
      {...(more === undefined ? {} : { onEnd: more })}
    >
      {(job) => (
        <a className="row row-failed" href={consoleTo('job', job.job_id)}>
          <span className="row-text">
            <Name>{fileName(job.source_path)}</Name>
            <span className="path">{folderOf(job.source_path)}</span>
          </span>
          <span className="row-when">
            {visible(job.agent_name ?? '')} {instant(job.failed_at)}
          </span>
        </a>
      )}
    </VirtualList>
  );
}
