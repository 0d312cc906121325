import { useTranslation } from 'react-i18next';
import type { FailureCauses, PageState, WaitGroup } from '../../shared/wire-page.ts';
import { spokenTimeLeft } from '../format/durations.ts';
import { shortTime } from '../format/instants.ts';
import { fileName, visible } from '../format/name.ts';
import { count, percent } from '../format/numbers.ts';
import { Section, State, ViewHeader, type Tone } from '../ui/parts.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { useLanguage, useNow } from '../use-agent.ts';
import { useCauseText } from './cause-text.ts';
import { Asking } from './asking.tsx';
import { consoleTo } from './route.ts';
import { groupKey, longestWait, overallState } from './overall-state.ts';
import { useSeen } from './use-server.ts';
import { Health } from './health.tsx';
import { GroupTitle } from './wait-group.tsx';
import { ageOf, reasonIn, useJobs, useJobTypeName } from './words.ts';

/** How many groups and causes are told; the others are a step away. */
const SHOWN = 4;

/** The whole in one sentence. */
export function useOverallText(state: PageState | null): { readonly tone: Tone; readonly text: string } | null {
  const { t } = useTranslation();
  const language = useLanguage();
  if (state === null) return null;
  const overall = overallState(state);
  switch (overall.kind) {
    case 'nobody':
      return { tone: 'bad', text: t('console.state.nobody') };
    case 'stuck':
      return {
        tone: 'caution',
        text: t('console.state.stuck', {
          count: overall.jobs,
          shown: count(overall.jobs, language),
          why: reasonIn(overall.group, t),
        }),
      };
    case 'working':
    case 'starting':
      return {
        tone: 'active',
        text: t(`console.state.${overall.kind}`, { count: overall.jobs, shown: count(overall.jobs, language) }),
      };
    case 'idle':
      return { tone: 'good', text: t('console.state.idle') };
  }
}

/** First the one sentence, then the number that matters: how long the oldest waits, and for what. */
export function OverviewView() {
  const { t } = useTranslation();
  const seen = useSeen<PageState>('/page/state');
  return (
    <>
      <ViewHeader title={t('console.overview.title')} />
      <div className="view-body">{seen.value === null ? <Asking seen={seen} /> : <Whole state={seen.value} />}</div>
    </>
  );
}

function Whole({ state }: { readonly state: PageState }) {
  const { t } = useTranslation();
  const overall = useOverallText(state);
  const oldest = longestWait(state);
  return (
    <>
      <div className="overview-state">
        {overall !== null && (
          <p className="overview-sentence">
            <State tone={overall.tone}>{overall.text}</State>
          </p>
        )}
        {oldest?.oldest !== undefined && <OldestLine group={oldest} oldest={oldest.oldest} />}
      </div>
      <Health />
      <Numbers state={state} />
      <Batches state={state} />
      <div className="overview-halves">
        <Section title={t('console.overview.waiting')}>
          <WaitingInShort groups={state.waiting} />
        </Section>
        <Section title={t('console.overview.failures')}>
          <FailuresInShort />
        </Section>
      </div>
    </>
  );
}

function OldestLine({
  group,
  oldest,
}: {
  readonly group: WaitGroup;
  readonly oldest: NonNullable<WaitGroup['oldest']>;
}) {
  const { t } = useTranslation();
  const now = useNow();
  const typeName = useJobTypeName();
  return (
    <p className="overview-oldest">
      {t('console.state.oldest', {
        age: ageOf(now - Date.parse(oldest.since), t),
        what: typeName(group.job_type),
        why: reasonIn(group, t),
      })}{' '}
      <a href={consoleTo('job', oldest.job_id)}>{fileName(oldest.source_path)}</a>
    </p>
  );
}

function Numbers({ state: { by_status, failures, agents, completed_lately } }: { readonly state: PageState }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const numbers: readonly (readonly [value: number, name: string])[] = [
    [by_status.pending, t('console.counts.waiting')],
    [by_status.claimed, t('console.counts.running')],
    [by_status.completed, t('console.counts.done')],
    [failures, t('console.counts.failed')],
    [completed_lately, t('console.counts.lately')],
    [agents.here, t('console.counts.machines', { count: agents.here, known: agents.known })],
    [agents.running, t('console.counts.slots', { count: agents.running, slots: agents.slots })],
  ];
  return (
    <dl className="counts">
      {numbers.map(([value, name]) => (
        <div key={name}>
          <dd>{count(value, language)}</dd>
          <dt>{name}</dt>
        </div>
      ))}
    </dl>
  );
}

function Batches({ state: { batches, completed_lately } }: { readonly state: PageState }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (batches.length === 0) return null;
  return (
    <Section title={t('console.overview.batches')}>
      <ul className="batches console-batches">
        {batches
          .slice(0, SHOWN * 2)
          .map(({ batch, name: folder, added_at, files, files_ended, files_failed, pending }) => {
            const name = folder ?? t('console.overview.batch', { time: shortTime(added_at, language) });
            const left = Object.values(pending).reduce((sum, jobs) => sum + jobs, 0);
            const share = files === 0 ? 0 : files_ended / files;
            const said = [
              t('console.overview.batchDone', {
                done: count(files_ended - files_failed, language),
                files: count(files, language),
              }),
              ...(files_failed > 0
                ? [t('console.overview.batchFailed', { count: files_failed, shown: count(files_failed, language) })]
                : []),
              ...timeLeft(left, completed_lately).map((time) => t('console.overview.batchLeft', { time })),
            ];
            return (
              <li key={batch} className="batch">
                <span>{t('console.pair', { name, value: said.join(', ') })}</span>
                <ProgressBar value={share} label={name} spoken={percent(share, language)} still />
              </li>
            );
          })}
      </ul>
    </Section>
  );
}

/** By the pace of the last hour; of less than this nothing can be told. */
const LEAST_DONE = 5;

function timeLeft(jobs: number, doneInAnHour: number): readonly string[] {
  if (jobs === 0 || doneInAnHour < LEAST_DONE) return [];
  const ms = (jobs / doneInAnHour) * 3_600_000;
  const spoken = spokenTimeLeft({ lowMs: ms, highMs: ms });
  return spoken.key === 'time.about' ? [spoken.value] : [spoken.high];
}

function WaitingInShort({ groups }: { readonly groups: readonly WaitGroup[] }) {
  const { t } = useTranslation();
  if (groups.length === 0) return <p className="quiet">{t('console.overview.nothingWaits')}</p>;
  return (
    <ul className="short-list">
      {groups.slice(0, SHOWN).map((group) => (
        <li key={groupKey(group)}>
          <a href={consoleTo('waiting', groupKey(group))}>
            <GroupTitle group={group} />
          </a>
        </li>
      ))}
      {groups.length > SHOWN && (
        <li>
          <a href={consoleTo('waiting')}>{t('console.overview.all')}</a>
        </li>
      )}
    </ul>
  );
}

function FailuresInShort() {
  const { t } = useTranslation();
  const jobs = useJobs();
  const causeText = useCauseText();
  const { value } = useSeen<FailureCauses>('/failures');
  if (value === null) return null;
  if (value.items.length === 0) return <p className="quiet">{t('console.overview.nothingFailed')}</p>;
  return (
    <ul className="short-list">
      {value.items.slice(0, SHOWN).map((cause) => {
        const { short, language } = causeText(cause.example);
        return (
          <li key={cause.cause}>
            <a href={consoleTo('failures', cause.cause)}>
              <span lang={language}>{visible(short)}</span> <span className="row-when">{jobs(cause.jobs)}</span>
            </a>
          </li>
        );
      })}
      {value.items.length > SHOWN && (
        <li>
          <a href={consoleTo('failures')}>{t('console.overview.all')}</a>
        </li>
      )}
    </ul>
  );
}
