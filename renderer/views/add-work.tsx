import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { SkippedPath, WorkPlan } from '../../shared/setup-commands.ts';
import { fileName, folderOf, visible } from '../format/name.ts';
import { bytes, count } from '../format/numbers.ts';
import { FolderPicker } from '../ui/folder-picker.tsx';
import { Button, Empty, Name, Said, ViewHeader } from '../ui/parts.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { useAgent, useBridge, useCommand, useLanguage } from '../use-agent.ts';
import { AddingPanel } from '../work/adding-panel.tsx';
import {
  add,
  chooseFiles,
  choosing,
  countKinds,
  foldersOf,
  plan,
  startOver,
  watchFolders,
  type Found,
} from '../work/adding.ts';
import { ChoiceForm, choices } from '../work/choice.tsx';
import { dropRefused } from '../work/drop.ts';
import { WatchedFolders } from '../work/watched-folders.tsx';

/** Files and folders in, jobs out; with a remote server, who makes the jobs instead. */
export function AddWorkView() {
  const { t } = useTranslation();
  const embedded = useAgent(({ agent }) => agent.embeddedServer);
  const url = useAgent(({ server }) => server.url);
  return (
    <>
      <ViewHeader title={t('add.title')} note={t('add.intro')} />
      {embedded ? (
        <Adder />
      ) : (
        <Empty icon="server" title={t('add.remoteTitle')}>
          <p>{t('add.remoteBody', { url })}</p>
        </Empty>
      )}
    </>
  );
}

function Adder() {
  const { t } = useTranslation();
  const { state } = useStore(choosing);
  const found = 'found' in state ? state.found : null;
  return (
    <div className="view-body add">
      <Source busy={state.kind === 'looking' || state.kind === 'handing'} />
      <p className="visually-hidden" role="status">
        {state.kind === 'looking' ? t('add.looking') : ''}
        {state.kind === 'planned' ? t('add.found', { count: state.found.plan.files.length }) : ''}
      </p>
      {state.kind === 'looking' && <p className="hint">{t('add.looking')}</p>}
      {state.kind === 'refused' && (
        <div className="problem" role="alert">
          <Said code={state.refusal.code} message={state.refusal.message} nextStep={state.refusal.nextStep} />
        </div>
      )}
      {found !== null && <Planned found={found} busy={state.kind === 'handing'} />}
      <AddingPanel />
      <WatchedFolders />
    </div>
  );
}

function Source({ busy }: { readonly busy: boolean }) {
  const { t } = useTranslation();
  const bridge = useBridge();
  const { available } = useCommand();
  const refused = useStore(dropRefused, ({ names }) => names);
  const [picking, setPicking] = useState(false);
  const [typed, setTyped] = useState('');
  const take = (paths: readonly string[]): void => {
    dropRefused.setState({ names: [] });
    void plan(bridge, paths);
  };
  return (
    <div className="source">
      <p>{t(bridge.pathOf === undefined ? 'add.howBrowser' : 'add.howWindow')}</p>
      {refused.length > 0 && (
        <p className="note-caution" role="alert">
          {t('add.dropRefused', { count: refused.length, name: visible(refused[0] ?? '') })}
        </p>
      )}
      <form
        className="input-row"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed.trim() !== '') take([typed.trim()]);
        }}
      >
        <Button icon="folder" disabled={!available || busy} onClick={() => setPicking(true)}>
          {t('add.choose')}
        </Button>
        <input
          className="input input-path"
          type="text"
          spellCheck={false}
          aria-label={t('add.path')}
          placeholder={t('add.pathExample')}
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
        />
        <button type="submit" className="button" disabled={!available || busy || typed.trim() === ''}>
          {t('add.look')}
        </button>
      </form>
      {picking && <FolderPicker what="media" start="" onClose={() => setPicking(false)} onChosen={take} />}
    </div>
  );
}

function Planned({ found, busy }: { readonly found: Found; readonly busy: boolean }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const bridge = useBridge();
  const { available } = useCommand();
  const choice = useStore(choices);
  const { plan } = found;
  const { files } = plan;
  const chosen = files.filter(({ path }) => !found.except.has(path));
  const size = chosen.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const kinds = countKinds(chosen);
  if (files.length === 0) {
    return (
      <>
        <p className="note-caution">{t('add.nothingFound')}</p>
        <Skipped plan={plan} />
        <ChoiceForm />
        <div className="add-actions">
          <WatchThem found={found} busy={busy} />
          <Button quiet disabled={busy} onClick={startOver}>
            {t('add.clear')}
          </Button>
        </div>
      </>
    );
  }
  const summary = (['video', 'sound', 'photo'] as const)
    .filter((kind) => kinds[kind] > 0)
    .map((kind) => t(`add.kind.${kind}`, { count: kinds[kind] }))
    .join(' · ');
  return (
    <>
      <p className="add-sum">
        <input
          type="checkbox"
          className="queue-check"
          aria-label={t('add.chooseAll')}
          checked={chosen.length === files.length}
          disabled={busy}
          onChange={({ target }) =>
            chooseFiles(
              files.map(({ path }) => path),
              target.checked,
            )
          }
        />{' '}
        <strong>
          {chosen.length === files.length
            ? t('add.found', { count: files.length })
            : t('add.chosen', {
                chosen: chosen.length,
                all: t('amount.files', { count: files.length, shown: count(files.length, language) }),
              })}
        </strong>{' '}
        {summary} · {bytes(size, language)}
      </p>
      {plan.truncated && <p className="note-caution">{t('add.truncated', { count: files.length })}</p>}
      <div className="add-files" style={{ height: files.length * 30 + 2 }}>
        <VirtualList items={files} rowHeight={30} label={t('add.files')} keyOf={({ path }) => path}>
          {(file) => (
            <label className="add-file" data-out={found.except.has(file.path) ? '' : undefined}>
              <input
                type="checkbox"
                className="queue-check"
                aria-label={t('add.chooseFile', { name: fileName(file.path) })}
                checked={!found.except.has(file.path)}
                disabled={busy}
                onChange={({ target }) => chooseFiles([file.path], target.checked)}
              />
              <Name>{fileName(file.path)}</Name>
              <span className="path">
                <bdi>{folderOf(file.path)}</bdi>
              </span>
              <span className="number">{bytes(file.sizeBytes, language)}</span>
            </label>
          )}
        </VirtualList>
      </div>
      <Skipped plan={plan} />
      <ChoiceForm />
      <div className="add-actions">
        <button
          type="button"
          className="button button-main"
          disabled={!available || busy || choice.jobTypes.length === 0 || chosen.length === 0}
          onClick={() => void add(bridge, found.paths, choice, found)}
        >
          {plan.truncated ? t('add.startAll') : t('add.start', { count: chosen.length })}
        </button>
        <WatchThem found={found} busy={busy} />
        <Button quiet disabled={busy} onClick={startOver}>
          {t('add.clear')}
        </Button>
        {choice.jobTypes.length === 0 && <span className="wrong">{t('add.noJobs')}</span>}
        {chosen.length === 0 && <span className="wrong">{t('add.noFiles')}</span>}
      </div>
    </>
  );
}

/** Beside adding what is there: also what comes later. */
function WatchThem({ found, busy }: { readonly found: Found; readonly busy: boolean }) {
  const { t } = useTranslation();
  const bridge = useBridge();
  const { available } = useCommand();
  const choice = useStore(choices);
  const folders = foldersOf(found);
  if (folders.length === 0) return null;
  return (
    <>
      <Button
        icon="folder"
        disabled={!available || busy || choice.jobTypes.length === 0}
        onClick={() => void watchFolders(bridge, folders, choice, found)}
      >
        {t('watch.begin', { count: folders.length })}
      </Button>
      <span className="hint">{t('watch.why')}</span>
    </>
  );
}

function Skipped({ plan }: { readonly plan: WorkPlan }) {
  const { t } = useTranslation();
  if (plan.skippedCount === 0) return null;
  const more = plan.skippedCount - plan.skipped.length;
  return (
    <details className="skipped">
      <summary>{t('add.skipped', { count: plan.skippedCount })}</summary>
      <ul>
        {plan.skipped.map((each: SkippedPath, index) => (
          // The same path may be skipped twice when it was given twice.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={`${index} ${each.path}`}>
            <bdi className="path-cell">{visible(each.path)}</bdi> {t(`add.why.${each.why}`)}
          </li>
        ))}
      </ul>
      {more > 0 && <p className="hint">{t('add.skippedMore', { count: more })}</p>}
    </details>
  );
}
