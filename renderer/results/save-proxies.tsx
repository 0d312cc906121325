import { Dialog } from '@base-ui/react/dialog';
import { useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '../../shared/failure.ts';
import {
  SAVE_ARRANGEMENTS,
  SAVE_LAYOUTS,
  type SaveArrangement,
  type SaveLayout,
  type Saving,
} from '../../shared/result-commands.ts';
import type { DoneAsset } from '../selectors.ts';
import { FolderPicker } from '../ui/folder-picker.tsx';
import { Button, Said } from '../ui/parts.tsx';
import { useAgent, useBridge, useCommand } from '../use-agent.ts';
import { SavePlan, useSavePlan } from './save-plan.tsx';
import { SavingLine } from './saving-line.tsx';

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
  const [arrangement, setArrangement] = useState<SaveArrangement>('together');
  const [folder, setFolder] = useState('');
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const id = useId();
  const running = saving?.phase === 'running';
  const wish = { layout, arrangement, folder: folder.trim(), assetUuids: assets.map(({ assetUuid }) => assetUuid) };
  const plan = useSavePlan(wish);
  const begin = async (): Promise<void> => {
    setRefusal(null);
    const answer = await bridge.call('saveProxies', wish);
    if (!answer.ok) setRefusal(answer.refusal);
  };
  const isPlaced = arrangement === 'beside' || wish.folder !== '';
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog dialog-save">
          <Dialog.Title className="dialog-title">{t('results.saveTitle', { count: assets.length })}</Dialog.Title>
          <Dialog.Description className="hint">{t('results.saveBody')}</Dialog.Description>
          <Choices legend={t('results.saveFor')}>
            {SAVE_LAYOUTS.map((each) => (
              <Choice key={each} name={`${id}-layout`} chosen={layout === each} onChoose={() => setLayout(each)}>
                {t(`results.layout.${each}`)}
              </Choice>
            ))}
          </Choices>
          <Choices legend={t('results.saveWhere')}>
            {SAVE_ARRANGEMENTS.map((each) => (
              <Choice
                key={each}
                name={`${id}-place`}
                chosen={arrangement === each}
                onChoose={() => setArrangement(each)}
                note={t(`results.arrangementNote.${each}`)}
              >
                {t(`results.arrangement.${each}`)}
              </Choice>
            ))}
          </Choices>
          {arrangement !== 'beside' && (
            <FolderField
              id={`${id}-folder`}
              folder={folder}
              isWrong={refusal?.field === 'folder'}
              onChange={setFolder}
            />
          )}
          <SavePlan plan={plan} />
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
              disabled={running || !isPlaced}
              onClick={() => void begin()}
            >
              {t('results.save')}
            </button>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Choices({ legend, children }: { readonly legend: string; readonly children: ReactNode }) {
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      {children}
    </fieldset>
  );
}

function Choice({
  name,
  chosen,
  onChoose,
  note,
  children,
}: {
  readonly name: string;
  readonly chosen: boolean;
  readonly onChoose: () => void;
  readonly note?: string;
  readonly children: ReactNode;
}) {
  return (
    <label className="choice">
      <input type="radio" name={name} checked={chosen} onChange={onChoose} />
      <span>
        {children}
        {note !== undefined && <span className="choice-note">{note}</span>}
      </span>
    </label>
  );
}

function FolderField({
  id,
  folder,
  isWrong,
  onChange,
}: {
  readonly id: string;
  readonly folder: string;
  readonly isWrong: boolean;
  readonly onChange: (folder: string) => void;
}) {
  const { t } = useTranslation();
  const [picking, setPicking] = useState(false);
  return (
    <>
      <label className="save-label" htmlFor={id}>
        {t('results.saveFolder')}
      </label>
      <div className="input-row">
        <input
          id={id}
          className="input input-path"
          type="text"
          spellCheck={false}
          value={folder}
          aria-invalid={isWrong ? true : undefined}
          onChange={({ target }) => onChange(target.value)}
        />
        <Button onClick={() => setPicking(true)}>{t('results.browse')}</Button>
      </div>
      {picking && (
        <FolderPicker
          what="folder"
          start={folder}
          onChosen={([path]) => path !== undefined && onChange(path)}
          onClose={() => setPicking(false)}
        />
      )}
    </>
  );
}
