import { app, Notification, type BrowserWindow } from 'electron';
import { COMMANDS, type CommandName } from '../../shared/commands.ts';
import type { Settings } from '../../shared/settings.ts';
import type { AgentPort, GatewayLog } from '../gateway/agent-port.ts';
import { after, systemClock } from '../work/clock.ts';
import { applyLoginItem } from './login-item.ts';
import { createNotifier, type Notifier } from './notifications.ts';
import { overallProgress, progressMode } from './progress.ts';
import type { Quit } from './quit.ts';
import { textsFor, type Texts } from './texts.ts';
import { createTray } from './tray.ts';
import { trayIcon, trayLine, trayMenu, type TrayActions } from './tray-state.ts';
import type { Updates } from './updates/updates.ts';

interface DesktopIntegrationDeps {
  readonly agent: Pick<AgentPort, 'snapshot' | 'subscribe' | 'execute'>;
  /** False for an agent that is only shown: its settings are another account's and say nothing about this login. */
  readonly own: boolean;
  readonly window: BrowserWindow;
  readonly icons: string;
  readonly show: () => void;
  readonly quit: () => Quit;
  readonly updates: () => Updates | null;
  readonly isLocked: () => boolean;
  readonly log: GatewayLog;
}

export interface DesktopIntegration {
  /** False where there is no tray: a window that went away could not be brought back. */
  readonly hasTray: boolean;
  readonly notifier: Notifier;
  countdown(seconds: number): void;
  /** An update is ready: the tray offers it, and who asked to be told is. */
  tellUpdate(version: string): void;
  close(): void;
}

/** Progress arrives five times a second; a tray or a dock that is redrawn once a second is quick enough. */
const REDRAW_MS = 1_000;

/** Tray, notifications, dock or taskbar, start at login: all follow the agent's snapshot and hold no state of their own. */
export function addDesktopIntegration(deps: DesktopIntegrationDeps): DesktopIntegration {
  const { agent, window } = deps;
  let stopsInSeconds: number | null = null;
  const setting: Setting = (name) => agent.snapshot().settings.values[name];
  const texts = (): Texts => textsFor(setting('language'), app.getLocale());
  const tray = createTray(deps.icons, deps.show);
  const notifier = desktopNotifier(setting, texts, deps.isLocked);
  const actions = trayActions(deps, notifier);
  const draw = (): void => {
    const snapshot = agent.snapshot();
    const shell = { stopsInSeconds, updateReady: deps.updates()?.ready() ?? null };
    const line = trayLine(snapshot, shell, texts());
    tray?.show({ icon: trayIcon(snapshot), line, menu: trayMenu(snapshot, shell, texts(), actions) });
    if (window.isDestroyed()) return;
    window.setTitle(stopsInSeconds === null ? 'RushCatalog Agent' : `RushCatalog Agent – ${line}`);
    window.setProgressBar(overallProgress(snapshot), { mode: progressMode(snapshot) });
  };
  const redraw = atMostEvery(REDRAW_MS, draw);
  const applySettings = deps.own ? loginItemSync(setting, deps.log) : (): void => undefined;
  const unsubscribe = agent.subscribe((event, snapshot) => {
    notifier.onEvent(event, snapshot, !window.isDestroyed() && window.isFocused());
    if (event.type === 'settingsChanged') applySettings();
    redraw.soon();
  });
  applySettings();
  draw();
  const { problem } = agent.snapshot().settings;
  if (problem !== undefined) notifier.problem(problem);
  return {
    hasTray: tray !== null,
    notifier,
    countdown(seconds) {
      stopsInSeconds = seconds;
      draw();
    },
    tellUpdate(version) {
      draw();
      if (setting('updates') === 'notify') {
        notifier.say(`update-${version}`, { title: texts().updateReady(version), body: '' });
      }
    },
    close() {
      unsubscribe();
      redraw.close();
      notifier.close();
      tray?.destroy();
    },
  };
}

type Setting = <K extends keyof Settings>(name: K) => Settings[K];

function trayActions(deps: DesktopIntegrationDeps, notifier: Notifier): TrayActions {
  const call = async (name: CommandName, input: unknown): Promise<void> => {
    // By the same schema as what comes from a page; the tray's own inputs always fit.
    const parsed = COMMANDS[name].input.parse(input);
    const answer = await deps.agent.execute(name, parsed);
    if (!answer.ok) notifier.problem(answer.refusal);
  };
  return {
    call: (name, input) =>
      void call(name, input).catch((error: unknown) => deps.log.warn({ err: error }, 'A tray command failed')),
    open: deps.show,
    quit: () => deps.quit().begin(),
    hurry: () => deps.quit().hurry(),
    installUpdate: () => {
      const refusal = deps.updates()?.install() ?? null;
      if (refusal !== null) notifier.problem(refusal);
    },
  };
}

function desktopNotifier(setting: Setting, texts: () => Texts, isLocked: () => boolean): Notifier {
  return createNotifier({
    show: ({ title, body }) => {
      if (Notification.isSupported()) new Notification({ title, body, silent: true }).show();
    },
    setting: () => setting('notifications'),
    texts,
    isLocked,
    now: Date.now,
    after: (ms, run) => after(systemClock, ms, run),
  });
}

/** Sets it when it differs from what was set last: the system's list is not rewritten at every event. */
function loginItemSync(setting: Setting, log: GatewayLog): () => void {
  let current: boolean | null = null;
  return () => {
    if (current === setting('startAtLogin')) return;
    current = setting('startAtLogin');
    try {
      applyLoginItem(app, current);
    } catch (error) {
      log.warn({ err: error }, 'Start at login could not be set');
    }
  };
}

function atMostEvery(ms: number, run: () => void): { soon(): void; close(): void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    soon() {
      timer ??= setTimeout(() => {
        timer = undefined;
        run();
      }, ms);
    },
    close: () => clearTimeout(timer),
  };
}
