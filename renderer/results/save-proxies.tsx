import { Dialog } from '@base-ui/react/dialog';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { endingOf } from '../../shared/file-endings.ts';
import type { Refusal } from '../../shared/failure.ts';
import { SAVE_LAYOUTS, type SaveLayout, type Saving } from '../../shared/result-commands.ts';
import { fileName, visible } from '../format/name.ts';
import { bytes } from '../format/numbers.ts';
import type { DoneAsset } from '../selectors.ts';
import { FolderPicker } from '../ui/folder-picker.tsx';
import { Icon } from '../ui/icon.tsx';
import { Button, Said } from '../ui/parts.tsx';
import { useAgent, useBridge, useCommand, useLanguage } from '../use-agent.ts';

/** Saves the proxies of the listed files where Premiere or Resolve finds them. */
export function SaveProxies({ assets }: { readonly assets: readonly DoneAsset[] }) {
  const { t } = useTranslation();
  const { available } = useCommand();
  const saving = useAgent((snapshot) => snapshot.saving);
  const [open, setOpen] = useState(false);
  const withProxy = assets.filter(({ artifacts }) => artifacts.some(({ kind }) => kind.startsWith('proxy_')));
  return (
    <>
      {saving !== null && !open && <SavingLine saving={saving} />}
      <Button icon="save" disabled={!available || withProxy.length === 0} onClick={() => setOpen(true)}>
        {t('results.saveProxies')}
      </Button>
      {open && <SaveDialog assets={withProxy} saving={saving} onClose={() => setOpen(false)} />}
    </>
  );
}

function SaveDialog({
  assets,
  saving,
  onClose,
}: {
  readonly assets: readonly DoneAsset[];
  readonly saving: Saving | null;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const bridge = useBridge();
  const [layout, setLayout] = useState<SaveLayout>('premiere');
  const [folder, setFolder] = useState('');
  const [picking, setPicking] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const id = useId();
  const running = saving?.phase === 'running';
  const begin = async (): Promise<void> => {
    setRefusal(null);
    const assetUuids = assets.map(({ assetUuid }) => assetUuid);
    const answer = await bridge.call('saveProxies', { layout, folder: folder.trim(), assetUuids });
    if (!answer.ok) setRefusal(answer.refusal);
  };
  const [first, ...more] = assets.map(proxyFile);
  const others = more.slice(0, NAMED - 1);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog dialog-small">
          <Dialog.Title className="dialog-title">{t('results.saveTitle', { count: assets.length })}</Dialog.Title>
          <Dialog.Description className="hint">{t('results.saveBody')}</Dialog.Description>
          <fieldset className="choices">
            <legend>{t('results.saveFor')}</legend>
            {SAVE_LAYOUTS.map((each) => (
              <label key={each} className="choice">
                <input type="radio" name={id} checked={layout === each} onChange={() => setLayout(each)} />
                <span>
                  {t(`results.layout.${each}`)}
                  <code className="choice-note">{first !== undefined && t(`results.layoutPath.${each}`, first)}</code>
                </span>
              </label>
            ))}
          </fieldset>
          {others.length > 0 && (
            <p className="hint">
              {t('results.saveAlso', {
                names: others.map((file) => t(`results.layoutPath.${layout}`, file)).join(', '),
              })}
              {more.length > others.length && ` ${t('results.saveMore', { count: more.length - others.length })}`}
            </p>
          )}
          <label className="save-label" htmlFor={`${id}-folder`}>
            {t('results.saveFolder')}
          </label>
          <div className="input-row">
            <input
              id={`${id}-folder`}
              className="input input-path"
              type="text"
              spellCheck={false}
              value={folder}
              aria-invalid={refusal?.field === 'folder' ? true : undefined}
              onChange={({ target }) => setFolder(target.value)}
            />
            <Button onClick={() => setPicking(true)}>{t('results.browse')}</Button>
          </div>
          {refusal !== null && (
            <div className="problem" role="alert">
              <Said code={refusal.code} message={refusal.message} nextStep={refusal.nextStep} />
            </div>
          )}
          {saving !== null && <SavingLine saving={saving} />}
          <div className="dialog-actions">
            <Dialog.Close className="button">{t('verb.close')}</Dialog.Close>
            <button
              type="button"
              className="button button-main"
              disabled={running || folder.trim() === ''}
              onClick={() => void begin()}
            >
              {t('results.save')}
            </button>
          </div>
          {picking && (
            <FolderPicker
              what="folder"
              start={folder}
              onChosen={([path]) => path !== undefined && setFolder(path)}
              onClose={() => setPicking(false)}
            />
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Names that are shown before they are written; the others are counted. */
const NAMED = 4;

/** What will be written of a file: of its proxies one for editing programs, or else the newest. */
function proxyFile({ sourcePath, artifacts }: DoneAsset): { readonly name: string; readonly ending: string } {
  const proxies = artifacts.filter(({ kind }) => kind.startsWith('proxy_'));
  const chosen = proxies.find(({ contentType }) => contentType === 'video/quicktime') ?? proxies[0];
  return {
    name: visible(fileName(sourcePath).replace(/\.[^.]+$/, '')),
    ending: `.${endingOf(chosen?.contentType ?? '')}`,
  };
}

/** How saving goes, or went. */
function SavingLine({ saving }: { readonly saving: Saving }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { send } = useCommand();
  const { phase, saved, total, alreadyThere, problems, folder } = saving;
  const share = saving.totalBytes === 0 ? 0 : saving.savedBytes / saving.totalBytes;
  return (
    <div className="saving" role="status">
      <p>
        {phase === 'running' ? (
          <>
            {t('results.savingNow', { saved, total })} · {bytes(saving.savedBytes, language)} /{' '}
            {bytes(saving.totalBytes, language)}
          </>
        ) : (
          <>
            <Icon name={problems.length === 0 && phase === 'ended' ? 'done' : 'failures'} size={14} />{' '}
            {t(phase === 'ended' ? 'results.savedDone' : 'results.savedCancelled', { count: saved, total })}
            {alreadyThere > 0 && ` ${t('results.alreadyThere', { count: alreadyThere })}`} <bdi>{visible(folder)}</bdi>
          </>
        )}
      </p>
      {phase === 'running' && (
        <>
          <span className="saving-bar" aria-hidden="true">
            <span style={{ width: `${share * 100}%` }} />
          </span>
          <Button quiet onClick={() => void send('cancelSaving', {})}>
            {t('verb.cancel')}
          </Button>
        </>
      )}
      {problems.length > 0 && (
        <ul className="saving-problems">
          {problems.slice(0, 5).map(({ sourcePath, message }) => (
            <li key={sourcePath}>
              <bdi>{fileName(sourcePath)}</bdi>: <span lang="en">{visible(message)}</span>
            </li>
          ))}
          {problems.length > 5 && <li>{t('results.moreProblems', { count: problems.length - 5 })}</li>}
        </ul>
      )}
    </div>
  );
}
