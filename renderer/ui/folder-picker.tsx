import { Dialog } from '@base-ui/react/dialog';
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '../../shared/failure.ts';
import type { FolderEntry, FolderListing, Shortcut } from '../../shared/setup-commands.ts';
import { visible } from '../format/name.ts';
import { useBridge } from '../use-agent.ts';
import { Icon, type IconName } from './icon.tsx';
import { Button, Said } from './parts.tsx';

export type Pick = 'folder' | 'file' | 'media';

interface Look {
  readonly listing: FolderListing | null;
  readonly shortcuts: readonly Shortcut[];
  readonly refusal: Refusal | null;
}

/**
 * Chooses a folder or files of the agent's machine: a browser never tells a page where a file lies, so the agent lists
 * names. `media` takes several files or the folder itself.
 */
export function FolderPicker({
  what,
  start,
  onChosen,
  onClose,
}: {
  readonly what: Pick;
  /** Where to begin; empty: at the list of places. */
  readonly start: string;
  readonly onChosen: (paths: readonly string[]) => void;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const { look, opening, open } = useListing(what, start);
  const choose = (paths: readonly string[]): void => {
    onChosen(paths);
    onClose();
  };
  const { listing } = look;
  const toggle = (path: string): void =>
    setMarked((before) =>
      before.has(path) ? new Set([...before].filter((each) => each !== path)) : new Set([...before, path]),
    );
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog picker">
          <Dialog.Title className="dialog-title">{t(`picker.title.${what}`)}</Dialog.Title>
          <PathLine path={listing?.path ?? ''} onGo={open} />
          {look.refusal !== null && (
            <div className="problem" role="alert">
              <Said code={look.refusal.code} message={look.refusal.message} nextStep={look.refusal.nextStep} />
            </div>
          )}
          <Places shortcuts={look.shortcuts} current={listing?.path} onGo={open} />
          <ul className="picker-list" aria-label={t('picker.contents')}>
            {listing?.parent !== undefined && (
              <Row icon="up" onClick={() => open(listing.parent)}>
                {t('picker.up')}
              </Row>
            )}
            {listing?.folders.map((folder) => (
              <Row
                key={folder.path}
                icon="folder"
                onClick={() => open(folder.path)}
                {...(what === 'file'
                  ? {}
                  : {
                      take: t('picker.takeNamed', { name: visible(folder.name) }),
                      onTake: () => choose([folder.path]),
                    })}
              >
                <bdi>{visible(folder.name)}</bdi>
              </Row>
            ))}
            {listing?.files.map((file) => (
              <FileRow
                key={file.path}
                file={file}
                marked={marked.has(file.path)}
                onClick={() => (what === 'file' ? choose([file.path]) : toggle(file.path))}
              />
            ))}
            {listing !== null && listing.folders.length + listing.files.length === 0 && (
              <li className="hint">{t(what === 'folder' ? 'picker.noFolders' : 'picker.empty')}</li>
            )}
            {listing?.truncated === true && <li className="hint">{t('picker.truncated')}</li>}
          </ul>
          <div className="dialog-actions">
            <Dialog.Close className="button">{t('verb.cancel')}</Dialog.Close>
            {marked.size > 0 && (
              <button type="button" className="button button-main" onClick={() => choose([...marked])}>
                {t('picker.takeFiles', { count: marked.size })}
              </button>
            )}
            {what !== 'file' && marked.size === 0 && (
              <button
                type="button"
                className="button button-main"
                disabled={listing === null || opening}
                onClick={() => listing !== null && choose([listing.path])}
              >
                {t('picker.takeFolder')}
              </button>
            )}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function useListing(what: Pick, start: string) {
  const bridge = useBridge();
  const [look, setLook] = useState<Look>({ listing: null, shortcuts: [], refusal: null });
  const [opening, setOpening] = useState(true);
  const asked = useRef(0);
  const open = useCallback(
    /** Answers where home is. */
    async (path: string | undefined): Promise<string> => {
      const number = ++asked.current;
      setOpening(true);
      const answer = await bridge.call('browse', { ...(path === undefined ? {} : { path }), files: what !== 'folder' });
      // Of two that were opened one after the other the later one counts, whichever is listed first.
      if (number === asked.current) {
        setLook((before) => (answer.ok ? { ...answer.output, refusal: null } : { ...before, refusal: answer.refusal }));
        setOpening(false);
      }
      return (answer.ok ? answer.output.shortcuts : []).find(({ kind }) => kind === 'home')?.path ?? '';
    },
    [bridge, what],
  );
  useEffect(() => {
    const begin = async (): Promise<void> => {
      const folder = what === 'file' ? start.replace(/[\\/][^\\/]*$/, '') : start;
      const places = open(undefined);
      const number = asked.current;
      const home = await places;
      // Media lies at home more often than anywhere else, and a list of places shows none of it.
      const first = folder === '' && what !== 'file' ? home : folder;
      // Somebody who was faster chose another way.
      if (first !== '' && asked.current === number) await open(first);
    };
    void begin();
  }, [open, start, what]);
  return {
    look,
    /** What is shown is about to be replaced. */
    opening,
    open: (path: string | undefined) => void open(path),
  };
}

function PathLine({ path, onGo }: { readonly path: string; readonly onGo: (path: string) => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <form
      className="input-row"
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        if (typed !== null && typed.trim() !== '') onGo(typed.trim());
        setTyped(null);
      }}
    >
      <input
        className="input input-path"
        type="text"
        spellCheck={false}
        aria-label={t('picker.path')}
        placeholder={t('picker.pathExample')}
        value={typed ?? path}
        onChange={({ target }) => setTyped(target.value)}
      />
      <Button onClick={() => onGo((typed ?? path).trim())} disabled={(typed ?? path).trim() === ''}>
        {t('picker.go')}
      </Button>
    </form>
  );
}

const PLACE_ICONS = { root: 'folder', home: 'home', volume: 'disk' } as const;

function Places({
  shortcuts,
  current,
  onGo,
}: {
  readonly shortcuts: readonly Shortcut[];
  readonly current: string | undefined;
  readonly onGo: (path: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <div className="places" role="group" aria-label={t('picker.places')}>
      {shortcuts.map((place) => (
        <button
          key={`${place.kind} ${place.path}`}
          type="button"
          aria-pressed={place.path === current}
          onClick={() => onGo(place.path)}
        >
          <Icon name={PLACE_ICONS[place.kind]} size={14} /> <bdi>{visible(place.name)}</bdi>
        </button>
      ))}
    </div>
  );
}

function Row({
  icon,
  children,
  onClick,
  take,
  onTake,
}: {
  readonly icon: IconName;
  readonly children: ReactNode;
  readonly onClick: () => void;
  /** Names the button that chooses without looking inside. */
  readonly take?: string;
  readonly onTake?: () => void;
}) {
  const { t } = useTranslation();
  return (
    <li className="picker-line">
      <button type="button" className="picker-row" onClick={onClick}>
        <Icon name={icon} size={14} /> {children}
      </button>
      {onTake !== undefined && (
        <button type="button" className="button button-quiet" aria-label={take} onClick={onTake}>
          {t('picker.take')}
        </button>
      )}
    </li>
  );
}

function FileRow({ file, marked, onClick }: { file: FolderEntry; marked: boolean; onClick: () => void }) {
  return (
    <li>
      <button type="button" className="picker-row picker-file" aria-pressed={marked} onClick={onClick}>
        <Icon name={marked ? 'done' : 'file'} size={14} /> <bdi>{visible(file.name)}</bdi>
      </button>
    </li>
  );
}
