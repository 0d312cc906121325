import { Switch } from '@base-ui/react/switch';
import { useTranslation } from 'react-i18next';
import type { Rule } from '../../shared/wire-rules.ts';
import { took } from '../format/durations.ts';
import { withLabels } from '../format/labels.ts';
import { visible } from '../format/name.ts';
import { count } from '../format/numbers.ts';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { Button, Facts, State, type Tone } from '../ui/parts.tsx';
import { useInstant, useLanguage } from '../use-agent.ts';
import { spokenLanguages } from '../work/spoken-languages.ts';
import { useActs } from './acts.ts';
import { useAct, useMay } from './use-server.ts';

const TONES: Readonly<Record<Rule['state'], Tone>> = {
  off: 'quiet',
  watching: 'good',
  looking: 'active',
  unreachable: 'bad',
  elsewhere: 'caution',
};

/** One watched folder: how it is, what is to be done about it, and what came of it. */
export function RuleCard({ rule }: { readonly rule: Rule }) {
  const { t } = useTranslation();
  const { state, root, folder, settle_seconds } = rule;
  return (
    <article className="agent-card">
      <header>
        <h2>{visible(rule.name)}</h2>
        <State tone={TONES[state]}>{t(`console.folders.state.${state}`)}</State>
      </header>
      <p className="rule-place">
        <Icon name="folder" size={14} /> <bdi>{visible(folder === '' ? root : `${root}/${folder}`)}</bdi>
      </p>
      <p className="agent-why">
        {t(`console.folders.why.${state}`, { root: visible(root), seconds: settle_seconds })}
        {state === 'elsewhere' && (
          <>
            {' '}
            <code>{`--media-root ${visible(root)}=PATH`}</code>
          </>
        )}
      </p>
      <ul className="agent-can" aria-label={t('add.jobs')}>
        {rule.job_types.map((type) => (
          <li key={type}>
            <Icon name={jobIcon(type)} size={14} /> {t(`jobType.${type}`)}
          </li>
        ))}
      </ul>
      <Course rule={rule} />
      <Details rule={rule} />
      <Verbs rule={rule} />
    </article>
  );
}

/** What came of it so far. */
function Course({ rule }: { readonly rule: Rule }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  const { kinds, pattern, taken, jobs, growing, passed_over, scanned_at, scan_seconds = 0 } = rule;
  const takes = kinds.map((kind) => t(`console.folders.kind.${kind}`));
  return (
    <Facts
      rows={[
        [
          t('console.folders.takes'),
          [
            ...takes,
            ...(pattern === undefined ? [] : [t('console.folders.named', { pattern: visible(pattern) })]),
          ].join(', '),
        ],
        [t('console.folders.taken'), count(taken, language)],
        [t('console.folders.jobs'), count(jobs, language)],
        [t('console.folders.growing'), count(growing, language)],
        [
          t('console.folders.passed'),
          passed_over === 0
            ? count(0, language)
            : t('console.folders.passedSuch', { shown: count(passed_over, language) }),
        ],
        [
          t('console.folders.scanned'),
          scanned_at === undefined
            ? t('console.folders.scannedNever')
            : t('console.folders.scannedIn', { time: instant(scanned_at), took: took(scan_seconds * 1000, language) }),
        ],
      ]}
    />
  );
}

/** How it was wished for. */
function Details({ rule }: { readonly rule: Rule }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  const { inputs, priority, settle_seconds, created_at, created_by, name } = rule;
  const named = (value: string | undefined): string | undefined =>
    value === undefined ? undefined : withLabels(visible(value), t);
  const spoken = inputs['language'];
  return (
    <details className="agent-details">
      <summary aria-label={t('console.folders.details', { name: visible(name) })}>
        {t('console.folders.addedBy', { by: visible(created_by) })}
      </summary>
      <Facts
        rows={[
          [t('console.folders.added'), instant(created_at)],
          [t('console.folders.settle'), t('console.folders.seconds', { count: settle_seconds })],
          [t('console.job.priority'), priority === 0 ? undefined : count(priority, language)],
          [t('add.proxyProfile'), named(inputs['proxy_profile'])],
          [t('add.thumbnailProfile'), named(inputs['thumbnail_profile'])],
          [t('add.language'), spokenLanguages(language).find(([code]) => code === spoken)?.[1] ?? named(spoken)],
        ]}
      />
    </details>
  );
}

function Verbs({ rule: { rule_id, name, enabled } }: { readonly rule: Rule }) {
  const { t } = useTranslation();
  const act = useAct();
  const { removeRule } = useActs();
  if (!useMay('operator')) return null;
  const shown = visible(name);
  return (
    <div className="agent-verbs">
      <span className="rule-switch">
        <Switch.Root
          className="switch"
          aria-label={t('console.folders.switch', { name: shown })}
          checked={enabled}
          onCheckedChange={(checked) => void act(`/rules/${rule_id}`, { enabled: checked })}
        >
          <Switch.Thumb className="switch-thumb" />
        </Switch.Root>
        <span aria-hidden="true">{t('console.folders.watched')}</span>
      </span>
      <Button
        icon="cancel"
        quiet
        label={t('console.folders.removeNamed', { name: shown })}
        onClick={() => removeRule(rule_id, shown)}
      >
        {t('console.folders.remove')}
      </Button>
    </div>
  );
}
