import { useTranslation } from 'react-i18next';
import type { HealthState, HealthStates } from '../../shared/wire-health.ts';
import { visible } from '../format/name.ts';
import { count } from '../format/numbers.ts';
import { Section, State } from '../ui/parts.tsx';
import { useInstant, useLanguage } from '../use-agent.ts';
import { consoleTo, type ConsoleView } from './route.ts';
import { useSeen } from './use-server.ts';
import { useJobs, useJobTypeName } from './words.ts';

/** Where one looks further. */
const VIEW_OF: Readonly<Record<HealthState['code'], ConsoleView>> = {
  diskFull: 'overview',
  agentLost: 'agents',
  nothingCan: 'waiting',
  rootMissing: 'waiting',
  ruleUnreachable: 'folders',
  failuresRising: 'failures',
};

/** What is not as it should be; nothing where everything is. */
export function Health() {
  const { t } = useTranslation();
  const { value } = useSeen<HealthStates>('/health-states');
  if (value === null || value.items.length === 0) return null;
  return (
    <Section title={t('console.health.title')}>
      <ul className="short-list health-states">
        {value.items.map((state) => (
          <li key={state.state_id}>
            <HealthLine state={state} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function HealthLine({ state: { code, severity, detail, since } }: { readonly state: HealthState }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  const jobs = useJobs();
  const typeName = useJobTypeName();
  const text = (name: string): string => visible(String(detail[name] ?? ''));
  const named = {
    agent_name: text('agent_name'),
    root: text('root'),
    name: text('name'),
    failed: count(Number(detail['failed'] ?? 0), language),
    ended: count(Number(detail['ended'] ?? 0), language),
    minutes: text('minutes'),
    amount: jobs(Number(detail['jobs'] ?? 0), detail['at_least'] === true),
    what: typeName(detail['job_type'] === undefined ? undefined : text('job_type')),
  };
  return (
    <a className="health-line" href={consoleTo(VIEW_OF[code])}>
      <State tone={severity === 'error' ? 'bad' : 'caution'}>{t(`console.health.states.${code}.title`, named)}</State>{' '}
      <span className="row-when">{t('console.health.since', { time: instant(since) })}</span>
      <span className="health-next">{t(`console.health.states.${code}.next`, named)}</span>
    </a>
  );
}
