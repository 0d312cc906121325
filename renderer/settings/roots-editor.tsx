import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MediaRootSetting } from '../../shared/settings.ts';
import type { RootState } from '../../shared/snapshot.ts';
import { FolderPicker } from '../ui/folder-picker.tsx';
import { Icon } from '../ui/icon.tsx';
import { Button, Said, State } from '../ui/parts.tsx';
import { useAgent } from '../use-agent.ts';
import type { Issues } from './draft.ts';
import { IssueText } from './issue-text.tsx';

/** The folders of media, each with its name in source paths and whether it can be read right now. */
export function RootsEditor({
  value,
  disabled,
  issues,
  onChange,
}: {
  readonly value: readonly MediaRootSetting[];
  readonly disabled: boolean;
  readonly issues: Issues;
  readonly onChange: (value: readonly MediaRootSetting[]) => void;
}) {
  const { t } = useTranslation();
  const [adding, setAdding] = useState(false);
  const add = (paths: readonly string[]): void => {
    const fresh = paths.filter((path) => !value.some((root) => root.path === path));
    onChange(fresh.reduce((roots, path) => [...roots, { name: nameFor(path, roots), path }], value));
  };
  return (
    <div className="roots">
      {value.length === 0 && <p className="hint">{t('settings.noRoots')}</p>}
      {value.map((root, index) => (
        <RootRow
          // A root's name is what is being edited; its place stays.
          // oxlint-disable-next-line react/no-array-index-key
          key={index}
          root={root}
          index={index}
          disabled={disabled}
          issues={issues}
          onChange={(next) => onChange(value.map((each, at) => (at === index ? next : each)))}
          onRemove={() => onChange(value.filter((_, at) => at !== index))}
        />
      ))}
      <Button icon="add" disabled={disabled || value.length >= 64} onClick={() => setAdding(true)}>
        {t('settings.addRoot')}
      </Button>
      {adding && <FolderPicker what="folder" start="" onClose={() => setAdding(false)} onChosen={add} />}
    </div>
  );
}

/** The folder's own name in the letters a root's name may have. */
function nameFor(path: string, roots: readonly MediaRootSetting[]): string {
  const last = path.split(/[\\/]/).findLast((part) => part !== '') ?? '';
  const plain = last
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9 ._-]/g, '')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 60);
  const name = plain === '' ? 'media' : plain;
  const taken = (candidate: string): boolean => roots.some((root) => root.name === candidate);
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name} ${number}`;
    if (!taken(candidate)) return candidate;
  }
}

interface RowProps {
  readonly root: MediaRootSetting;
  readonly index: number;
  readonly disabled: boolean;
  readonly issues: Issues;
  readonly onChange: (root: MediaRootSetting) => void;
  readonly onRemove: () => void;
}

function RootRow({ root, index, disabled, issues, onChange, onRemove }: RowProps) {
  const { t } = useTranslation();
  const state = useAgent(({ roots }) => roots.find(({ name, path }) => name === root.name && path === root.path));
  const { serverPrefix: _prefix, ...plain } = root;
  const input = (part: 'name' | 'path' | 'serverPrefix', label: string) => (
    <RootInput
      id={`root-${index}-${part}`}
      label={label}
      value={root[part] ?? ''}
      disabled={disabled}
      issue={issues[`mediaRoots.${index}.${part}`]}
      onChange={(text) => onChange(part === 'serverPrefix' && text === '' ? plain : { ...root, [part]: text })}
    />
  );
  return (
    <div className="root" role="group" aria-label={t('settings.root', { name: root.name })}>
      {input('name', t('settings.rootName'))}
      {input('path', t('settings.rootPath'))}
      {input('serverPrefix', t('settings.rootPrefix'))}
      <button
        type="button"
        className="button button-quiet button-icon"
        aria-label={t('settings.removeRoot', { name: root.name })}
        disabled={disabled}
        onClick={onRemove}
      >
        <Icon name="cancel" size={14} />
      </button>
      <RootStatus state={state} />
    </div>
  );
}

function RootInput({
  id,
  label,
  value,
  disabled,
  issue,
  onChange,
}: {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly disabled: boolean;
  readonly issue: Issues[string] | undefined;
  readonly onChange: (text: string) => void;
}) {
  return (
    <label className="root-input">
      <span>{label}</span>
      <input
        id={id}
        className="input"
        type="text"
        spellCheck={false}
        value={value}
        disabled={disabled}
        aria-invalid={issue === undefined ? undefined : true}
        aria-describedby={`${id}-wrong`}
        onChange={({ target }) => onChange(target.value)}
      />
      <span id={`${id}-wrong`}>{issue !== undefined && <IssueText issue={issue} />}</span>
    </label>
  );
}

function RootStatus({ state }: { readonly state: RootState | undefined }) {
  const { t } = useTranslation();
  if (state === undefined) return <p className="root-state hint">{t('settings.rootUnsaved')}</p>;
  return (
    <div className="root-state">
      <State tone={state.readable ? 'good' : 'bad'}>
        {state.readable ? t('health.readable') : t('health.unreadable')}
      </State>
      {state.problem !== undefined && (
        <Said code={state.problem.code} message={state.problem.message} nextStep={state.problem.nextStep} />
      )}
    </div>
  );
}
