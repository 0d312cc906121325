import { useEffect, useRef, useState, type ComponentProps, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { JOB_TYPES } from '../../shared/job.ts';
import type { PageAgent } from '../../shared/wire-page.ts';
import { visible } from '../format/name.ts';
import { notify } from '../notices.tsx';
import { jobIcon } from '../ui/icon.tsx';
import { draftOf, fieldsWrong, policyIn, RULE_FIELDS, type RuleName, type RulesDraft } from './agent-rules.ts';
import { FormDialog } from './form-dialog.tsx';
import { Labelled } from './labelled.tsx';
import { Checks } from './rule-field.tsx';
import { lookAgain, useConsole } from './use-server.ts';

/** Which work an agent may take, and when; what it is is said on its card. */
export function RulesDialog({ agent, onClose }: { readonly agent: PageAgent; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { server } = useConsole();
  const [draft, setDraft] = useState<RulesDraft>(() => draftOf(agent.rules));
  const [wrong, setWrong] = useState<readonly RuleName[]>([]);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (wrong.length > 0) form.current?.querySelector<HTMLElement>('[data-wrong]')?.focus();
  }, [wrong]);
  const name = visible(agent.agent_name);
  const save = async (policy: unknown): Promise<void> => {
    const answer = await server.post(`/agents/${agent.agent_id}/policy`, policy);
    const found = answer.ok ? [] : fieldsWrong(answer.fields);
    if (found.length > 0) return setWrong(found);
    if (!answer.ok) notify(answer.refusal);
    lookAgain();
    onClose();
  };
  return (
    <FormDialog
      title={t('console.agents.rulesTitle', { name })}
      body={t('console.agents.rulesBody')}
      verb={t('console.agents.rulesDo')}
      more={
        agent.rules !== undefined && (
          <button type="button" className="button" onClick={() => void save({})}>
            {t('console.agents.rulesNone')}
          </button>
        )
      }
      form={form}
      onSubmit={() => void save(policyIn(draft))}
      onClose={onClose}
    >
      <Fields draft={draft} wrong={wrong} roots={agent.roots} onChange={(some) => setDraft({ ...draft, ...some })} />
    </FormDialog>
  );
}

/** When it may work: two times, and the zone that they are of. */
const HOURS = [
  ['start', 'time'],
  ['end', 'time'],
  ['timezone', 'text'],
] as const;

function Fields({
  draft,
  wrong,
  roots,
  onChange,
}: {
  readonly draft: RulesDraft;
  readonly wrong: readonly RuleName[];
  readonly roots: readonly string[] | undefined;
  readonly onChange: (some: Partial<RulesDraft>) => void;
}) {
  const { t } = useTranslation();
  const known = (roots ?? []).map(visible).join(', ');
  return (
    <>
      <Checks
        field="job_types"
        legend={t('console.agents.rule.jobTypes')}
        options={JOB_TYPES}
        chosen={draft.jobTypes}
        name={(type) => t(`capability.${type}`)}
        icon={jobIcon}
        wrong={wrong.includes('job_types') ? { job_types: '' } : {}}
        onChoose={(jobTypes) => onChange({ jobTypes })}
      />
      <fieldset className="folder-field">
        <legend>{t('console.agents.rule.hours')}</legend>
        <div className="rule-hours">
          {HOURS.map(([key, type]) => (
            <Row
              key={key}
              field={key}
              label={t(`console.agents.rule.${key}`)}
              // All three are told at the first.
              wrong={key === 'start' && wrong.includes('hours') ? 'hours' : undefined}
            >
              {(shared) => (
                <input
                  {...shared}
                  type={type}
                  spellCheck={false}
                  value={draft[key]}
                  onChange={({ target }) => onChange({ [key]: target.value })}
                />
              )}
            </Row>
          ))}
        </div>
      </fieldset>
      {RULE_FIELDS.map(([field, key]) => (
        <Row
          key={key}
          field={key}
          label={t(`console.agents.rule.${key}`)}
          {...(key === 'roots' && known !== '' ? { hint: t('console.agents.rule.rootsHint', { roots: known }) } : {})}
          wrong={wrong.includes(field) ? field : undefined}
        >
          {(shared) => (
            <input
              {...shared}
              inputMode={key === 'roots' ? 'text' : 'decimal'}
              spellCheck={false}
              value={draft[key]}
              onChange={({ target }) => onChange({ [key]: target.value })}
            />
          )}
        </Row>
      ))}
    </>
  );
}

type RowShared = Parameters<ComponentProps<typeof Labelled>['children']>[0] & { readonly name: string };

/** A row of the form, whose control is found by its name. */
function Row({
  field,
  label,
  hint,
  wrong,
  children,
}: {
  readonly field: string;
  readonly label: string;
  readonly hint?: string;
  readonly wrong?: RuleName | undefined;
  readonly children: (shared: RowShared) => ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <Labelled
      label={label}
      hint={hint}
      wrong={wrong === undefined ? undefined : <span className="wrong">{t(`console.agents.ruleWrong.${wrong}`)}</span>}
    >
      {(shared) => children({ ...shared, name: field })}
    </Labelled>
  );
}
