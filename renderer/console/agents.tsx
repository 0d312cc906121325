import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CAPABILITIES, JOB_TYPE_OF } from '../../shared/job.ts';
import type { PageAgent, PageAgents } from '../../shared/wire-page.ts';
import { visible } from '../format/name.ts';
import { count } from '../format/numbers.ts';
import { usePolicyText } from '../policy-text.ts';
import { useCapabilityName } from '../queue/reason-text.ts';
import { Chips } from '../results/filters.tsx';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { Button, Empty, Facts, State, ViewHeader, type Tone } from '../ui/parts.tsx';
import { useInstant, useLanguage } from '../use-agent.ts';
import { useActs } from './acts.ts';
import { Asking } from './asking.tsx';
import { RulesDialog } from './rules-dialog.tsx';
import { PauseDialog } from './pause-dialog.tsx';
import { RunningLine } from './running-line.tsx';
import { useAct, useMay, useSeen } from './use-server.ts';

const FILTERS = ['trouble', 'here', 'away'] as const;
type Filter = (typeof FILTERS)[number];

const TONES: Readonly<Record<PageAgent['state'], Tone>> = {
  revoked: 'quiet',
  away: 'bad',
  signedOff: 'quiet',
  full: 'active',
  paused: 'caution',
  standsBy: 'quiet',
  works: 'active',
  nothing: 'good',
  rules: 'quiet',
  roots: 'caution',
  looks: 'good',
};

const isAway = ({ state }: PageAgent): boolean => state === 'away' || state === 'signedOff' || state === 'revoked';

function isShown(agent: PageAgent, filter: Filter | undefined): boolean {
  switch (filter) {
    case undefined:
      return true;
    case 'trouble':
      return ['away', 'paused', 'roots'].includes(agent.state);
    case 'here':
      return !isAway(agent);
    case 'away':
      return isAway(agent);
  }
}

/** A card for each machine: how it is, why it does nothing, and what it runs. */
export function AgentsView() {
  const { t } = useTranslation();
  const language = useLanguage();
  const seen = useSeen<PageAgents>('/page/agents');
  const [filter, setFilter] = useState<Filter | undefined>();
  const [pausing, setPausing] = useState<PageAgent | null>(null);
  const [ruling, setRuling] = useState<PageAgent | null>(null);
  const agents = seen.value?.items ?? [];
  const here = agents.filter((agent) => !isAway(agent)).length;
  const note = {
    note: t('console.agents.note', {
      count: agents.length,
      shown: count(agents.length, language),
      here: count(here, language),
    }),
  };
  return (
    <>
      <ViewHeader title={t('console.agents.title')} {...(agents.length === 0 ? {} : note)} />
      {seen.value === null ? (
        <Asking seen={seen} />
      ) : agents.length === 0 ? (
        <Empty icon="server" title={t('console.agents.emptyTitle')}>
          <p>{t('console.agents.emptyBody')}</p>
        </Empty>
      ) : (
        <>
          <div className="narrow">
            <Chips
              label={t('console.agents.filter')}
              options={FILTERS.map((each) => [each, t(`console.agents.filters.${each}`)] as const)}
              chosen={filter}
              onChoose={setFilter}
            />
          </div>
          <div className="view-body">
            <ul className="agent-cards">
              {agents
                .filter((agent) => isShown(agent, filter))
                .map((agent) => (
                  <li key={agent.agent_id}>
                    <AgentCard agent={agent} onPause={() => setPausing(agent)} onRules={() => setRuling(agent)} />
                  </li>
                ))}
            </ul>
          </div>
        </>
      )}
      {ruling !== null && <RulesDialog agent={ruling} onClose={() => setRuling(null)} />}
      {pausing !== null && <PauseDialog agent={pausing} onClose={() => setPausing(null)} />}
    </>
  );
}

interface Acts {
  readonly onPause: () => void;
  readonly onRules: () => void;
}

function AgentCard({ agent, ...acts }: Acts & { readonly agent: PageAgent }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const why = useWhy();
  const { state, running, slots, pause } = agent;
  const name = visible(agent.agent_name);
  return (
    <article className="agent-card">
      <header>
        <h2>{name}</h2>
        <State tone={TONES[state]}>{t(`console.agents.state.${state}`)}</State>
      </header>
      <p className="agent-why">{why(agent)}</p>
      {pause !== undefined && pause.note !== '' && (
        <p className="agent-why">{t('console.agents.pauseWhy', { note: visible(pause.note) })}</p>
      )}
      <Rules rules={agent.rules} />
      {running.length > 0 && (
        <ul className="agent-running" aria-label={t('console.agents.running', { name })}>
          {running.map((job) => (
            <li key={job.job_id}>
              <RunningLine job={job} />
            </li>
          ))}
        </ul>
      )}
      {!isAway(agent) && (
        <p className="row-when">
          {t('console.agents.slots', {
            count: running.length,
            used: count(running.length, language),
            slots: count(slots, language),
          })}
        </p>
      )}
      <Abilities agent={agent} />
      <Details agent={agent} />
      <Verbs agent={agent} {...acts} />
    </article>
  );
}

function Rules({ rules }: Pick<PageAgent, 'rules'>) {
  const { t } = useTranslation();
  const text = usePolicyText();
  if (rules === undefined) return null;
  const said = text({
    minPollIntervalSeconds: undefined,
    maxParallelJobs: rules.max_parallel_jobs,
    allowedJobTypes: rules.job_types,
    quietHours: undefined,
    workHours: rules.hours,
    allowedRoots: rules.roots,
    maxSourceBytes: rules.max_source_bytes,
  });
  return (
    <p className="agent-why">
      {t('console.agents.rulesSaid', { by: visible(rules.by), rules: [...said.values()].join(' · ') })}
    </p>
  );
}

function useWhy(): (agent: PageAgent) => string {
  const { t } = useTranslation();
  const instant = useInstant();
  return ({ state, reason, pause, revoked_at, last_seen_at }) => {
    switch (state) {
      case 'revoked':
        return t('console.agents.why.revoked', { time: instant(revoked_at ?? '') });
      case 'away':
        return t('console.agents.why.away', { time: instant(last_seen_at) });
      case 'paused': {
        const by = visible(pause?.by ?? '');
        return pause?.until === undefined
          ? t('console.agents.why.paused', { by, since: instant(pause?.since ?? '') })
          : t('console.agents.why.pausedUntil', { by, until: instant(pause.until) });
      }
      case 'standsBy': {
        const known = STANDS_BY.find((each) => each === reason);
        return t(`console.agents.standsBy.${known ?? 'other'}`);
      }
      case 'signedOff':
      case 'full':
      case 'works':
      case 'nothing':
      case 'rules':
      case 'roots':
      case 'looks':
        return t(`console.agents.why.${state}`);
    }
  };
}

/** What agents say of themselves (shared/snapshot.ts, YieldReason). */
const STANDS_BY = [
  ...(['paused', 'finishing', 'draining', 'user-input', 'idle-unknown', 'watched-program'] as const),
  ...(['load', 'battery', 'hours', 'quiet-hours', 'low-memory'] as const),
] as const;

function Abilities({ agent: { capabilities } }: { readonly agent: PageAgent }) {
  const { t } = useTranslation();
  const name = useCapabilityName();
  return (
    <ul className="agent-can" aria-label={t('console.agents.can')}>
      {capabilities.length === 0 && <li>{t('console.agents.canNothing')}</li>}
      {capabilities.map((capability) => (
        <li key={capability}>
          <Icon name={jobIcon(jobTypeOf(capability))} size={14} /> {name(capability)}
        </li>
      ))}
    </ul>
  );
}

function jobTypeOf(capability: string): string {
  const known = CAPABILITIES.find((each) => each === capability);
  return known === undefined ? '' : JOB_TYPE_OF[known];
}

function Details({ agent }: { readonly agent: PageAgent }) {
  const { t } = useTranslation();
  const instant = useInstant();
  const { agent_version, platform, last_seen_at, roots, own_token } = agent;
  const list = roots?.map(visible).join(', ');
  return (
    <details className="agent-details">
      <summary aria-label={t('console.agents.details', { name: visible(agent.agent_name) })}>
        {[visible(agent_version), visible(platform ?? '')].filter((part) => part !== '').join(' · ')}
      </summary>
      <Facts
        rows={[
          [t('console.agents.heard'), instant(last_seen_at)],
          [t('console.agents.roots'), list === '' ? t('console.agents.rootsNone') : list],
          [t('console.agents.token'), t(own_token ? 'console.agents.tokens.own' : 'console.agents.tokens.shared')],
        ]}
      />
    </details>
  );
}

function Verbs({ agent, onPause, onRules }: Acts & { readonly agent: PageAgent }) {
  const { t } = useTranslation();
  const act = useAct();
  const { revoke } = useActs();
  const mayAct = useMay('operator');
  const mayRevoke = useMay('admin');
  const name = visible(agent.agent_name);
  if (agent.state === 'revoked' || !mayAct) return null;
  return (
    <div className="agent-verbs">
      {agent.pause !== undefined && (
        <Button
          icon="resume"
          label={t('console.agents.resumeNamed', { name })}
          onClick={() => void act(`/agents/${agent.agent_id}/resume`)}
        >
          {t('console.agents.resume')}
        </Button>
      )}
      <Button icon="pause" quiet label={t('console.agents.pauseNamed', { name })} onClick={onPause}>
        {t('console.agents.pause')}
      </Button>
      <Button icon="settings" quiet label={t('console.agents.rulesNamed', { name })} onClick={onRules}>
        {t('console.agents.rules')}
      </Button>
      {mayRevoke && (
        <Button
          icon="lock"
          quiet
          label={t('console.agents.revokeNamed', { name })}
          onClick={() => revoke(agent.agent_id, name)}
        >
          {t('console.agents.revoke')}
        </Button>
      )}
    </div>
  );
}
