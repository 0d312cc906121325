import { AlertDialog } from '@base-ui/react/alert-dialog';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { parseRoute } from '../route.ts';
import { useBridge } from '../use-agent.ts';
import { discard, drafts } from './draft.ts';
import { saveDraft } from './save.ts';

/**
 * Asks before a person leaves Settings with changes that are not saved. A browser asks by itself when the whole page
 * is closed; Electron's window would silently stay open instead, so there it is not asked to.
 */
export function LeaveGuard() {
  const { t } = useTranslation();
  const bridge = useBridge();
  const dirty = useStore(drafts, ({ draft }) => Object.keys(draft).length > 0);
  const [wanted, setWanted] = useState<string | null>(null);
  useEffect(() => {
    if (!dirty) return;
    const onNavigate = (event: NavigateEvent): void => {
      const { hash } = new URL(event.destination.url);
      if (!event.cancelable || event.hashChange !== true || parseRoute(hash).view === 'settings') return;
      event.preventDefault();
      setWanted(hash);
    };
    const onUnload = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.navigation.addEventListener('navigate', onNavigate);
    if (window.rushcatalog === undefined) window.addEventListener('beforeunload', onUnload);
    return () => {
      window.navigation.removeEventListener('navigate', onNavigate);
      window.removeEventListener('beforeunload', onUnload);
    };
  }, [dirty]);
  const leave = (): void => {
    discard();
    const hash = wanted;
    setWanted(null);
    // The guard is taken away by the next drawing; until then it would catch this very step.
    if (hash !== null) setTimeout(() => window.location.assign(hash), 0);
  };
  const save = async (): Promise<void> => {
    const saved = await saveDraft(bridge);
    if (saved.kind === 'saved') leave();
    else setWanted(null);
  };
  return (
    <AlertDialog.Root open={wanted !== null} onOpenChange={(open) => !open && setWanted(null)}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog dialog-small">
          <AlertDialog.Title className="dialog-title">{t('settings.leaveTitle')}</AlertDialog.Title>
          <AlertDialog.Description>{t('settings.leaveBody')}</AlertDialog.Description>
          <div className="dialog-actions">
            <AlertDialog.Close className="button">{t('settings.stay')}</AlertDialog.Close>
            <button type="button" className="button" onClick={leave}>
              {t('settings.discard')}
            </button>
            <button type="button" className="button button-main" onClick={() => void save()}>
              {t('settings.save')}
            </button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
