import { createStore } from 'zustand/vanilla';
import { useStore } from 'zustand';
import { useTranslation } from 'react-i18next';
import {
  DEFAULT_PROXY_PROFILE,
  DEFAULT_THUMBNAIL_PROFILE,
  PROXY_PROFILES,
  THUMBNAIL_PROFILES,
} from '../../shared/profiles.ts';
import { isFailing } from '../../shared/capability-state.ts';
import { JOB_TYPES, type JobType } from '../../shared/job.ts';
import { keysOf } from '../../shared/objects.ts';
import { withLabels } from '../format/labels.ts';
import { GetModel } from '../models/model-row.tsx';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { State } from '../ui/parts.tsx';
import { useAgent, useLanguage } from '../use-agent.ts';
import { spokenLanguages } from './spoken-languages.ts';
import type { WorkChoice } from './adding.ts';

/** Kept while the page is open: who adds several cards in a row chooses once. */
export const choices = createStore<WorkChoice>(() => ({
  jobTypes: JOB_TYPES,
  proxyProfile: DEFAULT_PROXY_PROFILE,
  thumbnailProfile: DEFAULT_THUMBNAIL_PROFILE,
  language: '',
  priority: 0,
}));

const PROXY_NAMES = keysOf(PROXY_PROFILES);
const THUMBNAIL_NAMES = keysOf(THUMBNAIL_PROFILES);

const PRIORITIES = { high: 10, normal: 0, low: -10 } as const;
const PRIORITY_NAMES = keysOf(PRIORITIES);

/** What is made of the files: jobs, their profiles, and before or after what waits already. */
export function ChoiceForm() {
  const { t } = useTranslation();
  const choice = useStore(choices);
  const pageLanguage = useLanguage();
  const priority = PRIORITY_NAMES.find((name) => PRIORITIES[name] === choice.priority) ?? 'normal';
  const toggle = (jobType: JobType): void =>
    choices.setState(({ jobTypes }) => ({
      jobTypes: JOB_TYPES.filter((each) => (each === jobType) !== jobTypes.includes(each)),
    }));
  return (
    <div className="choice">
      <fieldset className="choice-jobs">
        <legend>{t('add.jobs')}</legend>
        {JOB_TYPES.map((jobType) => (
          <div key={jobType} className="choice-job">
            <label>
              <input type="checkbox" checked={choice.jobTypes.includes(jobType)} onChange={() => toggle(jobType)} />
              <Icon name={jobIcon(jobType)} /> {t(`capability.${jobType}`)}
            </label>
            <NotHere jobType={jobType} />
          </div>
        ))}
      </fieldset>
      <div className="choice-more">
        <Select
          label={t('add.proxyProfile')}
          value={choice.proxyProfile}
          options={PROXY_NAMES}
          name={(profile) => t(`profile.${profile}`)}
          onChange={(proxyProfile) => choices.setState({ proxyProfile })}
        />
        <Select
          label={t('add.thumbnailProfile')}
          value={choice.thumbnailProfile}
          options={THUMBNAIL_NAMES}
          name={(profile) => t(`profile.${profile}`)}
          onChange={(thumbnailProfile) => choices.setState({ thumbnailProfile })}
        />
        <label className="stacked">
          <span>{t('add.language')}</span>
          <select
            className="input select"
            value={choice.language}
            onChange={({ target }) => choices.setState({ language: target.value })}
          >
            <option value="">{t('add.languageDetected')}</option>
            {spokenLanguages(pageLanguage).map(([code, name]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label className="stacked">
          <span>{t('queue.priority')}</span>
          <select
            className="input select"
            value={priority}
            onChange={({ target }) => {
              const chosen = PRIORITY_NAMES.find((name) => name === target.value) ?? 'normal';
              choices.setState({ priority: PRIORITIES[chosen] });
            }}
          >
            {PRIORITY_NAMES.map((name) => (
              <option key={name} value={name}>
                {t(`add.priority.${name}`)}
              </option>
            ))}
          </select>
        </label>
        <ProfileNotHere profiles={[choice.proxyProfile, choice.thumbnailProfile]} />
      </div>
    </div>
  );
}

/** A job type this machine cannot do waits for ever; that is said before it is added. */
function NotHere({ jobType }: { readonly jobType: JobType }) {
  const { t } = useTranslation();
  const capability = useAgent(({ capabilities }) => capabilities.find((each) => each.jobType === jobType));
  if (capability === undefined || capability.declared || capability.proof.status === 'running') return null;
  return (
    <>
      <State tone="quiet">{t('add.notHere')}</State>
      {jobType === 'transcribe_audio' && <GetModel />}
    </>
  );
}

/** The same for a profile that was chosen. */
function ProfileNotHere({ profiles }: { readonly profiles: readonly string[] }) {
  const { t } = useTranslation();
  const capabilities = useAgent((snapshot) => snapshot.capabilities);
  return capabilities
    .flatMap((capability) => (capability.declared ? (capability.profiles ?? []) : []))
    .filter((profile) => profiles.includes(profile.name) && isFailing(profile))
    .map(({ name }) => (
      <State key={name} tone="quiet">
        {t('add.profileNotHere', { profile: withLabels(name, t) })}
      </State>
    ));
}

function Select<T extends string>({
  label,
  value,
  options,
  name,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly T[];
  readonly name: (option: T) => string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <label className="stacked">
      <span>{label}</span>
      <select className="input select" value={value} onChange={({ target }) => onChange(target.value)}>
        {options.map((option) => (
          <option key={option} value={option} title={option}>
            {name(option)}
          </option>
        ))}
      </select>
    </label>
  );
}
