import type { TFunction } from 'i18next';
import type { CommandInput, CommandName } from '../../shared/commands.ts';
import { JOB_TYPE_OF } from '../../shared/job.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import { fileName, folderOf } from '../format/name.ts';
import { askToQuit } from '../quit.tsx';
import { routeTo, VIEWS } from '../route.ts';
import { doneAssets } from '../selectors.ts';
import type { IconName } from '../ui/icon.tsx';
import { foldText } from '../../shared/text-search.ts';

/** What an entry does when it is chosen: goes somewhere, or sends a command. */
type Act =
  { readonly kind: 'go'; readonly to: string } | { readonly kind: 'send'; readonly send: (via: Send) => Promise<void> };

type Send = <N extends CommandName>(name: N, input: CommandInput<N>) => Promise<void>;

export interface Entry {
  readonly value: string;
  readonly label: string;
  readonly note?: string;
  readonly icon: IconName;
  readonly act: Act;
}

const GROUPS = ['views', 'commands', 'files', 'failures'] as const;
export interface EntryGroup {
  readonly value: (typeof GROUPS)[number];
  readonly items: readonly Entry[];
}

/** More than a person reads; the next letters narrow them down. */
const SHOWN = 30;

/** Everything that can be reached from here, that contains every word of what was typed. */
export function entries(snapshot: Snapshot, t: TFunction, typed: string): EntryGroup[] {
  const wanted = foldText(typed).split(/\s+/).filter(Boolean);
  const fits = ({ label, note = '' }: Entry): boolean => {
    const text = foldText(`${label} ${note}`);
    return wanted.every((word) => text.includes(word));
  };
  const groups: EntryGroup[] = [
    { value: 'views', items: views(t) },
    { value: 'commands', items: commands(snapshot, t) },
    { value: 'files', items: files(snapshot) },
    { value: 'failures', items: failures(snapshot, t) },
  ];
  return groups
    .map(({ value, items }) => ({ value, items: items.filter(fits).slice(0, SHOWN) }))
    .filter(({ items }) => items.length > 0);
}

function views(t: TFunction): Entry[] {
  return VIEWS.map((view) => ({
    value: `view ${view}`,
    label: t(`nav.${view}`),
    icon: view,
    act: { kind: 'go', to: routeTo(view) },
  }));
}

function commands({ agent, capabilities }: Snapshot, t: TFunction): Entry[] {
  const command = (value: string, label: string, icon: IconName, send: (via: Send) => Promise<void>): Entry => ({
    value: `command ${value}`,
    label,
    icon,
    act: { kind: 'send', send },
  });
  return [
    agent.phase === 'paused'
      ? command('resume', t('verb.resume'), 'resume', (send) => send('resume', {}))
      : command('pause', t('verb.pause'), 'pause', (send) => send('pause', {})),
    ...(['30m', '1h', 'tomorrow'] as const).map((length) =>
      command(`pause ${length}`, t(`verb.pauseFor.${length}`), 'pause', (send) => send('pause', { for: length })),
    ),
    command('finish', t('verb.finishThenPause'), 'drain', (send) => send('finishThenPause', {})),
    command('stop', t('verb.stopNow'), 'cancel', (send) => send('stopNow', {})),
    command('quit', t('verb.quit'), 'drain', async () => askToQuit()),
    ...capabilities.map(({ name }) =>
      command(`test ${name}`, t('verb.testNamed', { name: t(`capability.${JOB_TYPE_OF[name]}`) }), 'retry', (send) =>
        send('testCapability', { capability: name }),
      ),
    ),
  ];
}

function files({ done }: Snapshot): Entry[] {
  return doneAssets(done).map(({ assetUuid, sourcePath }) => ({
    value: `file ${assetUuid}`,
    label: fileName(sourcePath),
    note: folderOf(sourcePath),
    icon: 'done',
    act: { kind: 'go', to: routeTo('done', assetUuid) },
  }));
}

function failures({ failures: ended }: Snapshot, t: TFunction): Entry[] {
  return ended.map(({ jobId, sourcePath, ending }) => ({
    value: `failure ${jobId}`,
    label: fileName(sourcePath),
    note: ending.kind === 'done' ? '' : t(`ending.${ending.kind}`),
    icon: 'failures',
    act: { kind: 'go', to: routeTo('failures', jobId) },
  }));
}
