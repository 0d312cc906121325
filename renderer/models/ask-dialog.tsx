import { AlertDialog } from '@base-ui/react/alert-dialog';
import { useTranslation } from 'react-i18next';
import type { SpeechModelState } from '../../shared/speech-models.ts';
import { visible } from '../format/name.ts';
import { useCommand } from '../use-agent.ts';

/** What asks for a person's word before it is done: a file whose hash nobody published. */
type Consent =
  { readonly kind: 'download'; readonly name: string } | { readonly kind: 'choose'; readonly path: string };
export type Asking = Consent | { readonly kind: 'remove'; readonly path: string; readonly model: SpeechModelState };

function nameIn(asking: Asking): string {
  if (asking.kind === 'remove') return asking.model.name;
  return asking.kind === 'choose' ? asking.path : asking.name;
}

/** What removing a model costs: not every file can be had again from here. */
function Consequences({ model: { inUse, kind, hashKnown } }: { readonly model: SpeechModelState }) {
  const { t } = useTranslation();
  return (
    <>
      {inUse && kind === 'speech' && ` ${t('models.ask.remove.inUse')}`}
      {` ${t(hashKnown ? 'models.ask.remove.again' : 'models.ask.remove.gone')}`}
    </>
  );
}

export function AskDialog({ asking, onClose }: { readonly asking: Asking; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { send } = useCommand();
  const act = (): void => {
    onClose();
    if (asking.kind === 'download') void send('downloadModel', { name: asking.name, consent: true });
    else if (asking.kind === 'choose') void send('chooseModel', { path: asking.path, consent: true });
    else void send('removeModel', { path: asking.path });
  };
  const what = visible(nameIn(asking));
  return (
    <AlertDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog dialog-small">
          <AlertDialog.Title className="dialog-title">{t(`models.ask.${asking.kind}.title`)}</AlertDialog.Title>
          <AlertDialog.Description>
            {t(`models.ask.${asking.kind}.body`, { name: what })}
            {asking.kind === 'remove' && <Consequences model={asking.model} />}
          </AlertDialog.Description>
          <div className="dialog-actions">
            <AlertDialog.Close className="button">{t('verb.cancel')}</AlertDialog.Close>
            <button type="button" className="button button-main" onClick={act}>
              {t(`models.ask.${asking.kind}.yes`)}
            </button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
