import { ErrorBoundary } from './error-boundary.tsx';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { assertNever } from '../shared/assert-never.ts';
import type { Snapshot } from '../shared/snapshot.ts';
import { LeaveGuard } from './settings/leave-guard.tsx';
import { Navigation } from './navigation.tsx';
import { ShortcutKeys } from './shortcuts.tsx';
import { clock } from './format/durations.ts';
import { visible } from './format/name.ts';
import { chooseLanguage } from './i18n.ts';
import { Notice } from './notices.tsx';
import { Palette } from './palette/palette.tsx';
import { HasQuit, QuitDialog, useHasQuit } from './quit.tsx';
import { useRoute, type Route } from './route.ts';
import { cannotWork } from '../shared/agent-health.ts';
import { State, type Tone } from './ui/parts.tsx';
import { SkipLink } from './ui/skip-link.tsx';
import { Verbs } from './verbs.tsx';
import { Attention } from './attention.tsx';
import { useAgent, useBridge, useInstant, useNow, useReplica } from './use-agent.ts';
import { AddWorkView } from './views/add-work.tsx';
import { CapabilitiesView } from './views/capabilities.tsx';
import { DoneView } from './views/done.tsx';
import { FailuresView } from './views/failures.tsx';
import { HealthView } from './views/health.tsx';
import { Loading, NoSession } from './views/no-session.tsx';
import { NowView } from './views/now.tsx';
import { QueueView } from './views/queue.tsx';
import { SettingsView } from './views/settings.tsx';
import { useDrop } from './work/drop.ts';

export function App() {
  const denied = useReplica(({ link }) => link.kind === 'denied');
  const ready = useReplica(({ snapshot }) => snapshot !== null);
  const hasQuit = useHasQuit();
  if (denied) return <NoSession />;
  if (hasQuit) return <HasQuit />;
  return ready ? <Frame /> : <Loading />;
}

function Frame() {
  const { t } = useTranslation();
  const route = useRoute();
  const lost = useReplica(({ link }) => link.kind === 'lost');
  const over = useDrop(useBridge(), true);
  useChosenLanguage();
  useEffect(() => {
    document.title = `${t(`nav.${route.view}`)} – ${t('app.title')}`;
  }, [route.view, t]);
  return (
    <div className="frame" data-lost={lost ? '' : undefined} data-drop={over ? '' : undefined}>
      <SkipLink />
      <Top />
      <Navigation current={route.view} />
      <main id="content" className="content" tabIndex={-1} data-view={route.view}>
        <Attention />
        <ErrorBoundary key={route.view}>
          <ChosenView route={route} />
        </ErrorBoundary>
      </main>
      <Notice />
      <LeaveGuard />
      <ShortcutKeys />
      <Palette />
      <QuitDialog />
      {over && (
        <p className="drop-here" aria-hidden="true">
          {t('add.dropHere')}
        </p>
      )}
    </div>
  );
}

function useChosenLanguage(): void {
  const { i18n } = useTranslation();
  const setting = useAgent(({ settings }) => settings.values.language);
  useEffect(() => {
    const language = chooseLanguage(setting, navigator.languages);
    document.documentElement.lang = language;
    if (i18n.language !== language) void i18n.changeLanguage(language);
  }, [i18n, setting]);
}

function ChosenView({ route }: { route: Route }) {
  switch (route.view) {
    case 'now':
      return <NowView />;
    case 'queue':
      return <QueueView chosen={route.chosen} />;
    case 'add':
      return <AddWorkView />;
    case 'done':
      return <DoneView chosen={route.chosen} />;
    case 'failures':
      return <FailuresView chosen={route.chosen} />;
    case 'capabilities':
      return <CapabilitiesView />;
    case 'settings':
      return <SettingsView />;
    case 'health':
      return <HealthView />;
    default:
      return assertNever(route.view);
  }
}

function Top() {
  const { t } = useTranslation();
  const name = useAgent(({ agent }) => agent.name);
  return (
    <header className="top">
      <p className="top-name">
        <span className="top-mark" aria-hidden="true" />
        <span className="top-title">{t('app.title')}</span> <span className="top-agent">{visible(name)}</span>
      </p>
      <StatusLine />
      <Verbs />
    </header>
  );
}

/** Runs on every second, so it stands outside of what is spoken. */
function Age({ since }: { readonly since: number }) {
  const { t } = useTranslation();
  const now = useNow();
  return (
    <span className="status-line-age" aria-hidden="true">
      {t('link.age', { age: clock(now - since) })}
    </span>
  );
}

function StatusLine() {
  const { t } = useTranslation();
  const instant = useInstant();
  const link = useReplica((state) => state.link);
  const phase = useAgent(({ agent }) => agent.phase);
  const busy = useAgent(({ running }) => running.length > 0);
  const yielding = useAgent((snapshot) => snapshot.yielding !== null);
  const blocked = useAgent(cannotWork);
  const server = useAgent((snapshot) => snapshot.server.link);
  const endsBy = useAgent(({ agent }) => agent.endsBy);
  if (link.kind === 'lost') {
    return (
      <div className="status-line">
        <div className="status-line" role="status">
          <State tone="bad">{t('link.lostShort')}</State>
          <p className="status-line-note">{t('link.lost', { time: instant(link.since) })}</p>
        </div>
        <Age since={link.since} />
      </div>
    );
  }
  const [tone, text] = phaseText(phase, { busy, yielding, blocked, connected: server === 'connected' });
  return (
    <div className="status-line">
      <div className="status-line" role="status">
        <State tone={tone}>{t(`phase.${text}`)}</State>
        <p className="status-line-note">
          {server === 'connected' ? t('server.connected') : <State tone="caution">{t(`server.${server}`)}</State>}
        </p>
      </div>
      {endsBy !== undefined && busy && <Countdown endsBy={Date.parse(endsBy)} />}
    </div>
  );
}

/** How long running jobs still have; like an age it is not spoken at every second. */
function Countdown({ endsBy }: { readonly endsBy: number }) {
  const { t } = useTranslation();
  const now = useNow();
  return (
    <span className="status-line-age" aria-hidden="true">
      {t('phase.endsIn', { left: clock(Math.max(0, endsBy - now)) })}
    </span>
  );
}

function phaseText(
  phase: Snapshot['agent']['phase'],
  {
    busy,
    yielding,
    blocked,
    connected,
  }: { readonly busy: boolean; readonly yielding: boolean; readonly blocked: boolean; readonly connected: boolean },
) {
  const say = <T extends string>(tone: Tone, text: T) => [tone, text] as const;
  if (phase === 'working' && blocked && !busy) return say('caution', 'blocked');
  if (phase === 'working' && yielding) return say('quiet', 'yielding');
  if (phase === 'working' && busy) return say('active', 'working');
  if (phase === 'working') return connected ? say('good', 'idle') : say('caution', 'noServer');
  return say(phase === 'starting' ? 'active' : 'caution', phase);
}
