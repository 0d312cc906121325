import { app, Notification, type BrowserWindow } from 'electron';
import type { Settings } from '../../shared/settings.ts';
import type { AgentPort, GatewayLog } from '../gateway/agent-port.ts';
import { applyLoginItem } from './login-item.ts';
import { createNotifier, type Notifier } from './notifications.ts';
import { overallProgress, progressMode } from './progress.ts';
import type { Quit } from './quit.ts';
import { textsFor, type Texts } from './texts.ts';
import { createTray } from './tray.ts';
import { trayIcon, trayLine, trayMenu, type TrayActions } from './tray-state.ts';
import type { Updates } from './updates/updates.ts';

export interface ComfortDeps {
  readonly agent: Pick<AgentPort, 'snapshot' | 'subscribe' | 'execute'>;
  readonly window: BrowserWindow;
  readonly icons: string;
  readonly show: () => void;
  readonly quit: () => Quit;
  readonly updates: () => Updates | null;
  readonly isLocked: () => boolean;
  readonly log: GatewayLog;
}

export interface Comforts {
  /** False where there is no tray: a window that went away could not be brought back. */
  readonly hasTray: boolean;
  readonly notifier: Notifier;
  countdown(seconds: number): void;
  /** Looks at everything anew, after something that is no event of the agent. */
  refresh(): void;
  close(): void;
}

/** Progress arrives five times a second; a tray or a dock that is redrawn once a second is quick enough. */
const REDRAW_MS = 1_000;

/** Tray, notifications, dock or taskbar, start at login: all follow the agent's snapshot and hold no state of their own. */
export function addComforts(deps: ComfortDeps): Comforts {
  const { agent, window } = deps;
  let stopsInSeconds: number | null = null;
  const setting = <K extends keyof Settings>(name: K): Settings[K] => agent.snapshot().settings.values[name];
  const texts = (): Texts => textsFor(setting('language'), app.getLocale());
  const tray = createTray(deps.icons, deps.show);
  const actions: TrayActions = {
    call: (name, input) =>
      // The types of a command's input before and after its defaults differ only in what may be left out.
      void agent.execute(name, input as never).then((answer) => {
        if (!answer.ok) notifier.problem(answer.refusal);
      }),
    open: deps.show,
    quit: () => deps.quit().begin(),
    hurry: () => deps.quit().hurry(),
    installUpdate: () => {
      const refusal = deps.updates()?.install() ?? null;
      if (refusal !== null) notifier.problem(refusal);
    },
  };
  const notifier = createNotifier({
    show: ({ title, body }) => {
      if (Notification.isSupported()) new Notification({ title, body, silent: true }).show();
    },
    setting: () => setting('notifications'),
    texts,
    isLocked: deps.isLocked,
    now: Date.now,
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });

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
  let startAtLogin: boolean | null = null;
  const applySettings = (): void => {
    if (startAtLogin === setting('startAtLogin')) return;
    startAtLogin = setting('startAtLogin');
    try {
      applyLoginItem(app, startAtLogin);
    } catch (error) {
      deps.log.warn({ err: error }, 'Start at login could not be set');
    }
  };
  const unsubscribe = agent.subscribe((event, snapshot) => {
    // In front of the window nobody has to be told what it shows.
    if (window.isDestroyed() || !window.isFocused()) notifier.hear(event, snapshot);
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
    refresh: draw,
    close() {
      unsubscribe();
      redraw.close();
      notifier.close();
      tray?.destroy();
    },
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
