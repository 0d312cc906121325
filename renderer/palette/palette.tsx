import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from '../ui/icon.tsx';
import { useAgent, useCommand } from '../use-agent.ts';
import { entries, type Entry, type EntryGroup } from './entries.ts';

/** Ctrl-K or ⌘K: every view, verb and file by its name. */
export function Palette() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey)
        return;
      event.preventDefault();
      setOpen((now) => !now);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog palette" aria-label={t('palette.title')}>
          <Finder onClose={() => setOpen(false)} />
          <Dialog.Close className="visually-hidden">{t('verb.close')}</Dialog.Close>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Finder({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { available, send } = useCommand();
  const snapshot = useAgent((all) => all);
  const [typed, setTyped] = useState('');
  const groups = useMemo(() => entries(snapshot, t, typed), [snapshot, t, typed]);
  const act = ({ act: what }: Entry): void => {
    onClose();
    if (what.kind === 'go') window.location.assign(what.to);
    else if (available) void what.send(send);
  };
  return (
    <Autocomplete.Root
      open
      inline
      items={groups}
      // Filtered above: by every word of what was typed, without case and accents.
      filter={null}
      value={typed}
      onValueChange={setTyped}
      itemToStringValue={(entry: Entry) => entry.label}
      autoHighlight="always"
      keepHighlight
    >
      <div className="palette-line">
        <Icon name="search" />
        <Autocomplete.Input className="palette-input" aria-label={t('palette.title')} placeholder={t('palette.hint')} />
      </div>
      <Autocomplete.Empty>
        <p className="palette-empty">{t('palette.nothing')}</p>
      </Autocomplete.Empty>
      <Autocomplete.List className="palette-list">
        {(group: EntryGroup) => (
          <Autocomplete.Group key={group.value} items={group.items}>
            <Autocomplete.GroupLabel className="palette-group">{t(`palette.${group.value}`)}</Autocomplete.GroupLabel>
            <Autocomplete.Collection>
              {(entry: Entry) => (
                <Autocomplete.Item key={entry.value} value={entry} className="palette-item" onClick={() => act(entry)}>
                  <Icon name={entry.icon} size={14} />
                  <bdi className="palette-name">{entry.label}</bdi>
                  {entry.note !== undefined && <bdi className="palette-note">{entry.note}</bdi>}
                </Autocomplete.Item>
              )}
            </Autocomplete.Collection>
          </Autocomplete.Group>
        )}
      </Autocomplete.List>
    </Autocomplete.Root>
  );
}
