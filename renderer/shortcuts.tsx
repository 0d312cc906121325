import { Dialog } from '@base-ui/react/dialog';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { createStore } from 'zustand/vanilla';
import { useStore } from 'zustand';
import { routeTo, VIEWS } from './route.ts';
import { Icon } from './ui/icon.tsx';
import { useAgent, useCommand } from './use-agent.ts';

const dialog = createStore<{ readonly open: boolean }>(() => ({ open: false }));
const setOpen = (open: boolean): void => dialog.setState({ open });

/** Keys that act anywhere but where a person types. Digits name the views in their order. */
export function ShortcutKeys() {
  const paused = useAgent(({ agent }) => agent.phase === 'paused');
  const { available, send } = useCommand();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
      if (document.querySelector('[role="dialog"], [role="alertdialog"]') !== null) return;
      const view = VIEWS[Number(event.key) - 1];
      if (view !== undefined) window.location.assign(routeTo(view));
      else if (event.key === '?') setOpen(true);
      else if (event.key === 'a') window.location.assign(routeTo('add'));
      else if (event.key === 'p' && available) void send(paused ? 'resume' : 'pause', {});
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [available, paused, send]);
  return <ShortcutsDialog />;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;
}

export function ShortcutsButton() {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      className="nav-keys"
      title={t('keys.title')}
      onClick={() => setOpen(true)}
      aria-keyshortcuts="?"
    >
      <Icon name="keys" /> <span className="nav-label">{t('keys.title')}</span>
    </button>
  );
}

function ShortcutsDialog() {
  const { t } = useTranslation();
  const { open } = useStore(dialog);
  const rows: readonly (readonly [keys: readonly string[], what: string])[] = [
    ...VIEWS.map(
      (view, index) => [view === 'add' ? [String(index + 1), 'A'] : [String(index + 1)], t(`nav.${view}`)] as const,
    ),
    [['P'], t('keys.pause')],
    [['↑', '↓'], t('keys.rows')],
    [['Ctrl', 'K'], t('palette.title')],
    [['J', 'K', 'L'], t('results.keys.shuttle')],
    [['←', '→'], t('results.keys.frame')],
    [['Shift', '← →'], t('results.keys.second')],
    [['Home', 'End'], t('results.keys.ends')],
    [['Space'], t('results.keys.play')],
    [['M'], t('results.keys.mute')],
    [['Esc'], t('keys.close')],
    [['?'], t('keys.help')],
  ];
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog dialog-small">
          <Dialog.Title className="dialog-title">{t('keys.title')}</Dialog.Title>
          <dl className="keys">
            {rows.map(([keys, what]) => (
              <div key={what}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <div className="dialog-actions">
            <Dialog.Close className="button">{t('verb.close')}</Dialog.Close>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
