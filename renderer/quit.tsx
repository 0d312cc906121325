import { AlertDialog } from '@base-ui/react/alert-dialog';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { Icon } from './ui/icon.tsx';
import { useAgent, useCommand, useReplica } from './use-agent.ts';

const dialog = createStore<{ readonly open: boolean }>(() => ({ open: false }));

/** Asks before the agent is ended: no page can start it again. */
export const askToQuit = (): void => dialog.setState({ open: true });

export function QuitDialog() {
  const { t } = useTranslation();
  const { open } = useStore(dialog);
  const { available, send } = useCommand();
  const running = useAgent((snapshot) => snapshot.running.length);
  const close = (): void => dialog.setState({ open: false });
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => !next && close()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog dialog-small">
          <AlertDialog.Title className="dialog-title">{t('quit.title')}</AlertDialog.Title>
          <AlertDialog.Description>
            {running === 0 ? t('quit.idle') : t('quit.busy', { count: running })}
          </AlertDialog.Description>
          <div className="dialog-actions">
            <AlertDialog.Close className="button">{t('verb.cancel')}</AlertDialog.Close>
            <button
              type="button"
              className="button button-main"
              disabled={!available}
              onClick={() => {
                close();
                void send('drain', {});
              }}
            >
              {running === 0 ? t('quit.now') : t('quit.afterJobs')}
            </button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

/** Whether the agent said that it ends before nothing more was heard of it. */
export function useHasQuit(): boolean {
  const lost = useReplica(({ link }) => link.kind === 'lost');
  const phase = useReplica(({ snapshot }) => snapshot?.agent.phase);
  return phase === 'stopped' || (lost && (phase === 'draining' || phase === 'stopping'));
}

/** The last page of an agent that was ended. It goes away by itself when the agent is there again. */
export function HasQuit() {
  const { t } = useTranslation();
  return (
    <main className="alone">
      <div className="alone-box">
        <Icon name="drain" size={28} />
        <h1>{t('quit.done')}</h1>
        <p>{t('quit.doneBody')}</p>
        <ul>
          <li>{t('quit.startApp')}</li>
          <li>{t('quit.startService')}</li>
          <li>{t('quit.startCommand')}</li>
        </ul>
        <p className="hint">{t('quit.comesBack')}</p>
      </div>
    </main>
  );
}
