import { useId, type ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon, type IconName } from '../ui/icon.tsx';
import { Labelled } from './labelled.tsx';
import type { RuleField, Wrong } from './rule-draft.ts';

/** A labelled control; what explains it and what is wrong with it belongs to it. */
export function Field({
  field,
  label,
  hint,
  wrong,
  children,
}: {
  readonly field: RuleField;
  readonly label: string;
  readonly hint?: string;
  readonly wrong: Wrong;
  readonly children: ComponentProps<typeof Labelled>['children'];
}) {
  const said = wrong[field];
  return (
    <Labelled
      label={label}
      hint={hint}
      wrong={said === undefined ? undefined : <WrongWords field={field} said={said} />}
    >
      {children}
    </Labelled>
  );
}

/** Some of several; what is wrong with their choice is said of the first. */
export function Checks<T extends string>({
  field,
  legend,
  options,
  chosen,
  name,
  icon,
  wrong,
  onChoose,
}: {
  readonly field: RuleField;
  readonly legend: string;
  readonly options: readonly T[];
  readonly chosen: readonly T[];
  readonly name: (option: T) => string;
  readonly icon?: (option: T) => IconName;
  readonly wrong: Wrong;
  readonly onChoose: (chosen: readonly T[]) => void;
}) {
  const id = useId();
  const said = wrong[field];
  return (
    <fieldset className="folder-field" aria-describedby={said === undefined ? undefined : id}>
      <legend>{legend}</legend>
      {options.map((option, index) => (
        <label key={option} className="folder-check">
          <input
            type="checkbox"
            data-wrong={said !== undefined && index === 0 ? '' : undefined}
            checked={chosen.includes(option)}
            onChange={() => onChoose(options.filter((each) => (each === option) !== chosen.includes(each)))}
          />{' '}
          {icon !== undefined && <Icon name={icon(option)} />}
          <span className="folder-check-name">{name(option)}</span>
        </label>
      ))}
      {said !== undefined && (
        <p className="folder-wrong" id={id}>
          <WrongWords field={field} said={said} />
        </p>
      )}
    </fieldset>
  );
}

/** One of several. */
export function Choice({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, name: string])[];
  readonly onChange: (value: string) => void;
}) {
  return (
    <label className="stacked">
      <span>{label}</span>
      <select className="input select" value={value} onChange={({ target }) => onChange(target.value)}>
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Where the server names what it found, its own words stand beside ours. */
const NAMES_WHAT: ReadonlySet<RuleField> = new Set(['root', 'folder']);

function WrongWords({ field, said }: { readonly field: RuleField; readonly said: string }) {
  const { t } = useTranslation();
  return (
    <>
      <span className="wrong">{t(`console.folders.wrong.${field}`)}</span>
      {NAMES_WHAT.has(field) && (
        <span className="said-original">
          {t('console.folders.said')} <q lang="en">{said}</q>
        </span>
      )}
    </>
  );
}
