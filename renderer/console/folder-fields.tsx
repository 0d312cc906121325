import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { JOB_TYPES } from '../../shared/job.ts';
import { MEDIA_KINDS } from '../../shared/media-names.ts';
import { keysOf } from '../../shared/objects.ts';
import { PROXY_PROFILES, THUMBNAIL_PROFILES } from '../../shared/profiles.ts';
import { jobIcon } from '../ui/icon.tsx';
import { useLanguage } from '../use-agent.ts';
import { spokenLanguages } from '../work/spoken-languages.ts';
import type { PriorityName, RuleDraft, Wrong } from './rule-draft.ts';
import { Checks, Choice, Field } from './rule-field.tsx';

const PRIORITY_NAMES: readonly PriorityName[] = ['high', 'normal', 'low'];

interface FieldsProps {
  readonly draft: RuleDraft;
  readonly wrong: Wrong;
  readonly onChange: (some: Partial<RuleDraft>) => void;
}

/** Where to look, and what to make; behind it what is done with that (`children`). */
export function FolderFields({
  roots,
  children,
  ...props
}: FieldsProps & { readonly roots: readonly string[]; readonly children: ReactNode }) {
  return (
    <div className="folder-fields">
      <div className="folder-part">
        <Where roots={roots} {...props} />
      </div>
      <div className="folder-part">
        <What {...props} />
        {children}
      </div>
    </div>
  );
}

function Where({ draft, roots, wrong, onChange }: FieldsProps & { readonly roots: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <>
      <Field field="name" label={t('console.folders.name')} wrong={wrong}>
        {(shared) => (
          <input
            {...shared}
            maxLength={100}
            value={draft.name}
            onChange={({ target }) => onChange({ name: target.value })}
          />
        )}
      </Field>
      <Field field="root" label={t('console.folders.root')} wrong={wrong}>
        {(shared) => (
          <select
            {...shared}
            className="input select"
            value={draft.root}
            onChange={({ target }) => onChange({ root: target.value })}
          >
            {roots.map((root) => (
              <option key={root} value={root}>
                {root}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field field="folder" label={t('console.folders.folder')} hint={t('console.folders.folderHint')} wrong={wrong}>
        {(shared) => (
          <input
            {...shared}
            spellCheck={false}
            value={draft.folder}
            onChange={({ target }) => onChange({ folder: target.value })}
          />
        )}
      </Field>
      <Field field="pattern" label={t('console.folders.pattern')} hint={t('console.folders.patternHint')} wrong={wrong}>
        {(shared) => (
          <input
            {...shared}
            maxLength={200}
            spellCheck={false}
            value={draft.pattern}
            onChange={({ target }) => onChange({ pattern: target.value })}
          />
        )}
      </Field>
      <Checks
        field="kinds"
        legend={t('console.folders.kinds')}
        options={MEDIA_KINDS}
        chosen={draft.kinds}
        name={(kind) => t(`console.folders.kind.${kind}`)}
        wrong={wrong}
        onChoose={(kinds) => onChange({ kinds })}
      />
      <Field
        field="settle_seconds"
        label={t('console.folders.settle')}
        hint={t('console.folders.settleHint')}
        wrong={wrong}
      >
        {(shared) => (
          <span className="input-row">
            <input
              {...shared}
              className="input input-number"
              inputMode="numeric"
              value={draft.settle}
              onChange={({ target }) => onChange({ settle: target.value })}
            />
            <span className="unit">{t('console.folders.secondsUnit')}</span>
          </span>
        )}
      </Field>
    </>
  );
}

function What({ draft, wrong, onChange }: FieldsProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <>
      <Checks
        field="job_types"
        legend={t('add.jobs')}
        options={JOB_TYPES}
        chosen={draft.jobTypes}
        name={(type) => t(`capability.${type}`)}
        icon={jobIcon}
        wrong={wrong}
        onChoose={(jobTypes) => onChange({ jobTypes })}
      />
      <Choice
        label={t('add.proxyProfile')}
        value={draft.proxyProfile}
        options={keysOf(PROXY_PROFILES).map((profile) => [profile, t(`profile.${profile}`)])}
        onChange={(proxyProfile) => onChange({ proxyProfile })}
      />
      <Choice
        label={t('add.thumbnailProfile')}
        value={draft.thumbnailProfile}
        options={keysOf(THUMBNAIL_PROFILES).map((profile) => [profile, t(`profile.${profile}`)])}
        onChange={(thumbnailProfile) => onChange({ thumbnailProfile })}
      />
      <Choice
        label={t('add.language')}
        value={draft.language}
        options={[['', t('add.languageDetected')], ...spokenLanguages(language)]}
        onChange={(spoken) => onChange({ language: spoken })}
      />
      <Choice
        label={t('console.job.priority')}
        value={draft.priority}
        options={PRIORITY_NAMES.map((name) => [name, t(`add.priority.${name}`)])}
        onChange={(chosen) => onChange({ priority: PRIORITY_NAMES.find((name) => name === chosen) ?? 'normal' })}
      />
    </>
  );
}
