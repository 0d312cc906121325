import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Refusal } from '../../shared/failure.ts';
import {
  isManaged,
  PROGRAM_SETTINGS,
  SettingsSchema,
  TRUST_SETTINGS,
  type SettingName,
  type Settings,
} from '../../shared/settings.ts';
import { SimpleControl } from '../settings/controls.tsx';
import { discard, drafts, edit, issuesOf, withDraft, type Issues } from '../settings/draft.ts';
import { FIELDS, SECTIONS, type FieldSpec, type SectionName } from '../settings/fields.ts';
import { IssueText } from '../settings/issue-text.tsx';
import { usePolicyText } from '../policy-text.ts';
import { RootsEditor } from '../settings/roots-editor.tsx';
import { saveDraft } from '../settings/save.ts';
import { ServerSection } from '../settings/server-section.tsx';
import { WorkHours } from '../settings/work-hours.tsx';
import { showTheme, theme } from '../theme.ts';
import { Icon } from '../ui/icon.tsx';
import { Button, Said, ViewHeader } from '../ui/parts.tsx';
import { useAgent, useBridge, useCommand } from '../use-agent.ts';

/** Everything a person may set, what is wrong with it said at the field, and what IT manages locked. */
export function SettingsView() {
  const { t } = useTranslation();
  const body = useRef<HTMLDivElement>(null);
  const show = (section: SectionName): void => {
    const heading = body.current?.querySelector<HTMLElement>(`#section-${section}`);
    heading?.scrollIntoView({ block: 'start' });
    heading?.focus({ preventScroll: true });
  };
  return (
    <>
      <ViewHeader title={t('settings.title')} note={t('settings.intro')} />
      <Problem />
      <div className="settings">
        <nav className="settings-nav" aria-label={t('settings.sections')}>
          {SECTIONS.map((section) => (
            <button key={section} type="button" onClick={() => show(section)}>
              {t(`settings.section.${section}`)}
            </button>
          ))}
        </nav>
        <div className="settings-body" ref={body}>
          {SECTIONS.map((section) => (
            <section key={section} className="settings-section" aria-labelledby={`section-${section}`}>
              <h2 id={`section-${section}`} tabIndex={-1}>
                {t(`settings.section.${section}`)}
              </h2>
              {section === 'server' && <ServerSection />}
              {section === 'desktop' && <p className="field-help">{t('settings.desktopOnly')}</p>}
              {section === 'page' && <ThemeField />}
              {FIELDS[section].map((field) => (
                <Field key={field.name} field={field} />
              ))}
            </section>
          ))}
        </div>
      </div>
      <SaveBar />
    </>
  );
}

/** Why what manages this machine cannot be used. */
function Problem() {
  const problem = useAgent(({ settings }) => settings.problem);
  if (problem === undefined) return null;
  return (
    <div className="problem settings-problem">
      <Said code={problem.code} message={problem.message} nextStep={problem.nextStep} />
    </div>
  );
}

function useForm(): { readonly saved: Settings; readonly values: Settings; readonly issues: Issues } {
  const saved = useAgent(({ settings }) => settings.values);
  const draft = useStore(drafts, (state) => state.draft);
  const refused = useStore(drafts, (state) => state.refused);
  return { saved, values: withDraft(saved, draft), issues: { ...issuesOf(draft), ...refused } };
}

/** Why a page in a browser cannot change it, or undefined. */
function guardOf(name: SettingName): 'settings.ofPrograms' | 'settings.ofTrust' | undefined {
  if (PROGRAM_SETTINGS.includes(name)) return 'settings.ofPrograms';
  return TRUST_SETTINGS.includes(name) ? 'settings.ofTrust' : undefined;
}

function Field({ field }: { readonly field: FieldSpec }) {
  const { t } = useTranslation();
  const { saved, values, issues } = useForm();
  const origin = useAgent(({ settings }) => settings.origins[field.name]);
  const { setsGuarded } = useBridge();
  const { name, control } = field;
  if (field.when?.(values) === false) return null;
  const id = `setting-${name}`;
  const managed = isManaged(origin);
  const guarded = managed || setsGuarded ? undefined : guardOf(name);
  const locked = managed || guarded !== undefined;
  const issue = issues[name];
  const change = (value: unknown): void => edit(name, value, saved);
  const group = control.kind === 'hours' || control.kind === 'roots';
  return (
    <div
      className="field"
      data-kind={control.kind}
      {...(group ? { role: 'group', 'aria-labelledby': `${id}-label` } : {})}
    >
      <div className="field-text">
        {group || control.kind === 'switch' ? (
          <span className="field-label" id={`${id}-label`}>
            {t(`settings.label.${name}`)}
          </span>
        ) : (
          <label className="field-label" htmlFor={id}>
            {t(`settings.label.${name}`)}
          </label>
        )}
        <p className="field-help" id={`${id}-help`}>
          {t(`settings.help.${name}`)}
        </p>
      </div>
      <div className="field-control">
        {control.kind === 'hours' ? (
          <WorkHours value={values.workHours} disabled={locked} onChange={change} />
        ) : control.kind === 'roots' ? (
          <RootsEditor value={values.mediaRoots} disabled={locked} issues={issues} onChange={change} />
        ) : (
          <SimpleControl
            control={control}
            id={id}
            name={name}
            value={values[name]}
            disabled={locked}
            describedBy={`${id}-help ${id}-note`}
            wrong={issue !== undefined}
            onChange={change}
          />
        )}
        <div id={`${id}-note`} className="field-note">
          {issue !== undefined && <IssueText issue={issue} scale={control.kind === 'percent' ? 100 : 1} />}
          <ServerWish name={name} />
          {locked && (
            <span className="origin">
              <Icon name="lock" size={12} />{' '}
              {guarded === undefined ? t(`settings.origin.${origin}`) : t(guarded, { name })}
            </span>
          )}
        </div>
      </div>
    </div>
  );
}

/** What the server wants of the same, beside what is set here. */
const WISHES: Partial<Readonly<Record<SettingName, readonly ('parallel' | 'roots' | 'size' | 'hours' | 'quiet')[]>>> = {
  maxParallelJobs: ['parallel'],
  mediaRoots: ['roots', 'size'],
  workWhen: ['hours', 'quiet'],
};

const MOST_PARALLEL = SettingsSchema.shape.maxParallelJobs.unwrap().maxValue ?? Infinity;

function ServerWish({ name }: { readonly name: SettingName }) {
  const { t } = useTranslation();
  const policy = useAgent(({ server }) => server.policy);
  const text = usePolicyText();
  const parts = WISHES[name];
  if (policy === undefined || parts === undefined) return null;
  // As many as can be set here are no limit.
  const { maxParallelJobs: most = MOST_PARALLEL } = policy;
  const said = text({ ...policy, maxParallelJobs: most < MOST_PARALLEL ? most : undefined });
  const wish = parts.flatMap((part) => said.get(part) ?? []).join(' · ');
  return wish === '' ? null : <span className="origin">{t('settings.serverWish', { wish })}</span>;
}

/** Holds for this page alone, and at once: the agent knows nothing of it. */
function ThemeField() {
  const { t } = useTranslation();
  const chosen = theme.use();
  return (
    <div className="field" data-kind="choice">
      <div className="field-text">
        <label className="field-label" htmlFor="page-theme">
          {t('settings.theme.label')}
        </label>
        <p className="field-help" id="page-theme-help">
          {t('settings.theme.help')}
        </p>
      </div>
      <div className="field-control">
        <select
          id="page-theme"
          className="input select"
          aria-describedby="page-theme-help"
          value={chosen}
          onChange={({ target }) => {
            theme.choose(theme.options.find((each) => each === target.value) ?? 'system');
            showTheme();
          }}
        >
          {theme.options.map((each) => (
            <option key={each} value={each}>
              {t(`settings.theme.${each}`)}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

/** Appears with the first change and stays in place, so that nothing jumps. */
function SaveBar() {
  const { t } = useTranslation();
  const bridge = useBridge();
  const { available } = useCommand();
  const draft = useStore(drafts, (state) => state.draft);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [done, setDone] = useState<'saved' | 'savedRestart' | null>(null);
  const changes = Object.keys(draft).length;
  const wrong = Object.keys(issuesOf(draft)).length;
  const save = async (): Promise<void> => {
    setBusy(true);
    const saved = await saveDraft(bridge);
    setBusy(false);
    setRefusal(saved.kind === 'refused' ? saved.refusal : null);
    setDone(saved.kind !== 'saved' ? null : saved.restart.length > 0 ? 'savedRestart' : 'saved');
    if (saved.kind === 'wrong') document.querySelector<HTMLElement>('.settings [aria-invalid]')?.focus();
  };
  return (
    <div className="save-bar" data-open={changes > 0 ? '' : undefined}>
      <div role="status" className="save-text">
        {changes === 0 && done !== null && t(`settings.${done}`)}
        {changes > 0 && wrong === 0 && t('settings.changes', { count: changes })}
        {changes > 0 && wrong > 0 && t('settings.wrongCount', { count: wrong })}
        {changes > 0 && refusal !== null && (
          <Said code={refusal.code} message={refusal.message} nextStep={refusal.nextStep} />
        )}
      </div>
      {changes > 0 && (
        <>
          <Button disabled={busy} onClick={discard}>
            {t('settings.discard')}
          </Button>
          <button
            type="button"
            className="button button-main"
            disabled={!available || busy}
            onClick={() => void save()}
          >
            {t('settings.save')}
          </button>
        </>
      )}
    </div>
  );
}
