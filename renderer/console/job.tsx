import { useTranslation } from 'react-i18next';
import type { PageJob } from '../../shared/wire-page.ts';
import { fileName, folderOf, visible } from '../format/name.ts';
import { bytes, count, percent } from '../format/numbers.ts';
import { Button, Empty, Facts, Section } from '../ui/parts.tsx';
import { useInstant, useLanguage } from '../use-agent.ts';
import { useActs } from './acts.ts';
import { Asking } from './asking.tsx';
import { CauseFacts } from './cause-facts.tsx';
import { useCauseText } from './cause-text.ts';
import { GridMark } from './grid-mark.tsx';
import { LedgerTable } from './ledger-table.tsx';
import { useStageName } from './stage.ts';
import { useAct, useMay, useSeen } from './use-server.ts';
import { Waterfall } from './waterfall.tsx';
import { useJobTypeName } from './words.ts';

/** One job: where its time went, why it failed, what was made, and everything that happened to it. */
export function JobView({ jobId }: { readonly jobId: string }) {
  const { t } = useTranslation();
  const seen = useSeen<PageJob>(`/page/jobs/${encodeURIComponent(jobId)}`);
  if (seen.value === null && (seen.refusal?.code === 'NOT_FOUND' || seen.refusal?.code === 'VALIDATION_FAILED')) {
    return (
      <>
        <h1 className="visually-hidden">{t('console.nav.job')}</h1>
        <Empty icon="unknown" title={t('console.job.gone')}>
          <p>{t('console.job.goneBody')}</p>
        </Empty>
      </>
    );
  }
  return (
    <div className="view-body job-view">
      {seen.value === null ? (
        <>
          <h1 className="visually-hidden">{t('console.nav.job')}</h1>
          <Asking seen={seen} />
        </>
      ) : (
        <Job job={seen.value} />
      )}
    </div>
  );
}

function Job({ job }: { readonly job: PageJob }) {
  const { t } = useTranslation();
  const typeName = useJobTypeName();
  const { source_path, job_type, derived, ledger, more_ledger } = job;
  return (
    <>
      <header className="job-head">
        <Button quiet icon="back" onClick={() => window.history.back()}>
          {t('console.job.back')}
        </Button>
        <h1>{t('console.pair', { name: typeName(job_type), value: fileName(source_path) })}</h1>
        <p className="path">{folderOf(source_path)}</p>
      </header>
      <StateFacts job={job} />
      <Verbs job={job} />
      {job.failure !== undefined && <FailureOf job={job} failure={job.failure} />}
      <Section title={t('console.job.times')}>
        <Waterfall job={job} />
      </Section>
      {derived.length > 0 && (
        <Section title={t('console.job.derived')}>
          <Made derived={derived} />
        </Section>
      )}
      <Section title={t('console.job.ledger')}>
        <LedgerTable lines={ledger} />
        {more_ledger && <p className="hint">{t('console.job.ledgerMore')}</p>}
      </Section>
    </>
  );
}

function StateFacts({ job }: { readonly job: PageJob }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  const stageName = useStageName();
  const { state, stage, progress, part, agent_name, attempts, max_attempts, priority } = job;
  const step = [
    t(`console.assets.state.${state}`),
    ...(state === 'running' ? [stageName(stage), progress === undefined ? '' : percent(progress, language)] : []),
  ].filter((part) => part !== '');
  return (
    <Facts
      rows={[
        [
          t('console.job.state'),
          <span key="state" className="job-state">
            <GridMark state={state} /> {step.join(' · ')}
          </span>,
        ],
        [
          t('console.job.part'),
          part === undefined
            ? undefined
            : t(`console.job.partOf.${part.role}`, { number: part.number, clip: visible(part.clip) }),
        ],
        [t('console.job.agent'), agent_name === undefined ? undefined : visible(agent_name)],
        [
          t('console.job.attempts'),
          t('console.job.attemptsOf', { attempts: count(attempts, language), most: count(max_attempts, language) }),
        ],
        [t('console.job.priority'), priority === 0 ? undefined : count(priority, language)],
        [t('console.job.notBefore'), job.not_before === undefined ? undefined : instant(job.not_before)],
        [
          t('console.job.left'),
          job.left === undefined
            ? undefined
            : t('console.job.leftUntil', { name: visible(job.left.agent_name), time: instant(job.left.until) }),
        ],
        [t('console.job.created'), instant(job.created_at)],
        [t('console.job.changed'), instant(job.updated_at)],
      ]}
    />
  );
}

function FailureOf({ job, failure }: { readonly job: PageJob; readonly failure: NonNullable<PageJob['failure']> }) {
  const { t } = useTranslation();
  const text = useCauseText()({ ...failure, source_path: job.source_path });
  return (
    <Section title={t('console.job.failure')}>
      <p className="job-failure" lang={text.language}>
        {text.sentence}
      </p>
      <CauseFacts text={text} code={failure.error_code} />
    </Section>
  );
}

function Made({ derived }: { readonly derived: PageJob['derived'] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{t('artifact.kind')}</th>
          <th scope="col">{t('artifact.type')}</th>
          <th scope="col">{t('artifact.size')}</th>
        </tr>
      </thead>
      <tbody>
        {derived.map(({ ref, kind, content_type, size_bytes }) => (
          <tr key={ref}>
            <th scope="row">{t(`artifact.${kind}`)}</th>
            <td>{visible(content_type)}</td>
            <td>{bytes(size_bytes, language)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Verbs({ job: { job_id, state } }: { readonly job: PageJob }) {
  const { t } = useTranslation();
  const act = useAct();
  const { operate } = useActs();
  if (!useMay('operator')) return null;
  const isEnded = state === 'done' || state === 'failed' || state === 'cancelled';
  return (
    <div className="queue-verbs">
      {isEnded && (
        <Button icon="retry" onClick={() => void act(`/jobs/${job_id}/retry`)}>
          {t('console.job.retry')}
        </Button>
      )}
      {state === 'failed' && (
        <Button icon="retry" onClick={() => void act(`/jobs/${job_id}/retry`, { elsewhere_first: true })}>
          {t('console.failures.elsewhere')}
        </Button>
      )}
      {state === 'waiting' && (
        <>
          <Button icon="up" onClick={() => operate('first', [job_id])}>
            {t('console.job.first')}
          </Button>
          <Button icon="pause" onClick={() => operate('hold', [job_id])}>
            {t('console.job.hold')}
          </Button>
        </>
      )}
      {state === 'held' && (
        <Button icon="resume" onClick={() => operate('release', [job_id])}>
          {t('console.job.release')}
        </Button>
      )}
      {state === 'running' && (
        <Button icon="back" onClick={() => void act(`/jobs/${job_id}/take-back`)}>
          {t('console.job.takeBack')}
        </Button>
      )}
      {!isEnded && (
        <Button
          icon="cancel"
          onClick={() => (state === 'running' ? void act(`/jobs/${job_id}/cancel`) : operate('cancel', [job_id]))}
        >
          {t('console.job.cancel')}
        </Button>
      )}
    </div>
  );
}
