import type { MenuItemConstructorOptions } from 'electron';
import { needsPerson } from '../../shared/agent-health.ts';
import type { CommandInput, CommandName } from '../../shared/commands.ts';
import type { PauseLength, Snapshot } from '../../shared/snapshot.ts';
import type { Texts } from './texts.ts';

/** What the icon shows; build/tray has a picture of each. */
export type TrayIcon = 'idle' | 'working' | 'paused' | 'trouble';

/** What the shell adds to the agent's own state. */
export interface ShellState {
  /** Seconds until a quit is cut off; null while nobody quits. */
  readonly stopsInSeconds: number | null;
  /** Version that was downloaded and checked. */
  readonly updateReady: string | null;
}

export interface TrayActions {
  readonly call: <N extends CommandName>(name: N, input: CommandInput<N>) => void;
  readonly open: () => void;
  readonly quit: () => void;
  /** Ends the grace of a quit. */
  readonly hurry: () => void;
  readonly installUpdate: () => void;
}

const isPaused = ({ yielding }: Snapshot): boolean =>
  yielding?.reasons.some(({ kind }) => kind === 'paused' || kind === 'finishing') === true;

export function trayIcon(snapshot: Snapshot): TrayIcon {
  if (needsPerson(snapshot)) return 'trouble';
  if (isPaused(snapshot) || snapshot.yielding !== null) return 'paused';
  return snapshot.running.length > 0 ? 'working' : 'idle';
}

/** One line: what the agent does now. */
export function trayLine(snapshot: Snapshot, shell: ShellState, texts: Texts): string {
  const { phase } = snapshot.agent;
  if (shell.stopsInSeconds !== null) return texts.stopsIn(shell.stopsInSeconds);
  if (needsPerson(snapshot)) return texts.trouble;
  if (phase === 'starting') return texts.starting;
  if (phase === 'draining' || phase === 'stopping') return texts.finishing;
  if (isPaused(snapshot)) return texts.paused;
  if (snapshot.yielding !== null) return texts.yielding;
  return snapshot.running.length > 0 ? texts.working(snapshot.running.length) : texts.idle;
}

const PAUSES: readonly { readonly length: PauseLength; readonly text: keyof Texts }[] = [
  { length: '30m', text: 'pause30m' },
  { length: '1h', text: 'pause1h' },
  { length: 'tomorrow', text: 'pauseTomorrow' },
  { length: 'until-resumed', text: 'pauseUntilResumed' },
];

/** State, the three verbs (reliability.md: "finish, then stop", "pause", "stop now"), the window, the end. */
export function trayMenu(
  snapshot: Snapshot,
  shell: ShellState,
  texts: Texts,
  actions: TrayActions,
): MenuItemConstructorOptions[] {
  const line: MenuItemConstructorOptions = { label: trayLine(snapshot, shell, texts), enabled: false };
  const open: MenuItemConstructorOptions = { label: texts.open, click: actions.open };
  if (shell.stopsInSeconds !== null) {
    return [line, { type: 'separator' }, open, { label: texts.stopNow, click: actions.hurry }];
  }
  const { updateReady } = shell;
  const update: MenuItemConstructorOptions[] =
    updateReady === null
      ? []
      : [{ label: texts.update(updateReady), click: actions.installUpdate, enabled: snapshot.running.length === 0 }];
  const pauses = PAUSES.map(({ length, text }) => ({
    label: String(texts[text]),
    click: () => actions.call('pause', { for: length }),
  }));
  const verbs: MenuItemConstructorOptions[] = isPaused(snapshot)
    ? [{ label: texts.resume, click: () => actions.call('resume', {}) }]
    : [
        { label: texts.pauseFor, submenu: pauses },
        { label: texts.finishThenPause, click: () => actions.call('finishThenPause', {}) },
        { label: texts.giveBack, click: () => actions.call('stopNow', {}) },
      ];
  return [
    line,
    { type: 'separator' },
    open,
    ...verbs,
    ...update,
    { type: 'separator' },
    { label: texts.quit, click: actions.quit },
  ];
}
