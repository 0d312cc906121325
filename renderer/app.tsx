import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { assertNever } from '../shared/assert-never.ts';
import type { Snapshot } from '../shared/snapshot.ts';
import { visible } from './format/name.ts';
import { count } from './format/numbers.ts';
import { chooseLanguage } from './i18n.ts';
import { Notice } from './notices.tsx';
import { routeTo, useRoute, VIEWS, type Route, type View } from './route.ts';
import { navCounts } from './selectors.ts';
import { Icon } from './ui/icon.tsx';
import { Button, State, type Tone } from './ui/parts.tsx';
import { useAgent, useCommand, useInstant, useLanguage, useReplica } from './use-agent.ts';
import { CapabilitiesView } from './views/capabilities.tsx';
import { DoneView } from './views/done.tsx';
import { FailuresView } from './views/failures.tsx';
import { HealthView } from './views/health.tsx';
import { Loading, NoSession } from './views/no-session.tsx';
import { NowView } from './views/now.tsx';
import { QueueView } from './views/queue.tsx';

export function App() {
  const denied = useReplica(({ link }) => link.kind === 'denied');
  const ready = useReplica(({ snapshot }) => snapshot !== null);
  if (denied) return <NoSession />;
  return ready ? <Frame /> : <Loading />;
}

function Frame() {
  const { t } = useTranslation();
  const route = useRoute();
  const lost = useReplica(({ link }) => link.kind === 'lost');
  useChosenLanguage();
  useEffect(() => {
    document.title = `${t(`nav.${route.view}`)} – ${t('app.title')}`;
  }, [route.view, t]);
  return (
    <div className="frame" data-lost={lost ? '' : undefined}>
      <a className="skip" href="#content" onClick={focusContent}>
        {t('app.skip')}
      </a>
      <Top />
      <Navigation current={route.view} />
      <main id="content" className="content" tabIndex={-1} data-view={route.view}>
        <ChosenView route={route} />
      </main>
      <Notice />
    </div>
  );
}

/** The fragment belongs to the views, so the skip link moves the focus itself. */
function focusContent(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#content')?.focus();
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
      return <QueueView />;
    case 'done':
      return <DoneView chosen={route.chosen} />;
    case 'failures':
      return <FailuresView chosen={route.chosen} />;
    case 'capabilities':
      return <CapabilitiesView />;
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
        {t('app.title')} <span className="top-agent">{visible(name)}</span>
      </p>
      <Standing />
      <Verbs />
    </header>
  );
}

function Standing() {
  const { t } = useTranslation();
  const instant = useInstant();
  const link = useReplica((state) => state.link);
  const phase = useAgent(({ agent }) => agent.phase);
  const busy = useAgent(({ running }) => running.length > 0);
  const server = useAgent((snapshot) => snapshot.server.link);
  if (link.kind === 'lost') {
    return (
      <div className="standing" role="status">
        <State tone="bad">{t('link.lostShort')}</State>
        <p className="standing-note">{t('link.lost', { time: instant(link.since) })}</p>
      </div>
    );
  }
  const [tone, text] = standingOf(phase, busy);
  return (
    <div className="standing" role="status">
      <State tone={tone}>{t(`phase.${text}`)}</State>
      <p className="standing-note">
        {server === 'connected' ? t('server.connected') : <State tone="caution">{t(`server.${server}`)}</State>}
      </p>
    </div>
  );
}

function standingOf(phase: Snapshot['agent']['phase'], busy: boolean) {
  const say = <T extends string>(tone: Tone, text: T) => [tone, text] as const;
  if (phase === 'working') return busy ? say('active', 'working') : say('good', 'idle');
  return say(phase === 'starting' ? 'active' : 'caution', phase);
}

function Verbs() {
  const { t } = useTranslation();
  const phase = useAgent(({ agent }) => agent.phase);
  const { available, send } = useCommand();
  const ending = phase === 'draining' || phase === 'stopping' || phase === 'stopped';
  const resting = phase === 'paused' || phase === 'draining';
  return (
    <div className="verbs">
      {resting ? (
        <Button icon="resume" disabled={!available} onClick={() => void send('resume', {})}>
          {t('verb.resume')}
        </Button>
      ) : (
        <Button icon="pause" disabled={!available || phase !== 'working'} onClick={() => void send('pause', {})}>
          {t('verb.pause')}
        </Button>
      )}
      <Button icon="drain" disabled={!available || ending} onClick={() => void send('drain', {})}>
        {t('verb.drain')}
      </Button>
    </div>
  );
}

function Navigation({ current }: { current: View }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const snapshot = useReplica((state) => state.snapshot);
  const counts: Partial<Record<View, number>> = snapshot === null ? {} : navCounts(snapshot);
  return (
    <nav className="nav" aria-label={t('app.views')}>
      <ul>
        {VIEWS.map((view) => (
          <li key={view}>
            <a href={routeTo(view)} aria-current={view === current ? 'page' : undefined}>
              <Icon name={view} />
              <span className="nav-label">{t(`nav.${view}`)}</span>
              {(counts[view] ?? 0) > 0 && (
                <span className="nav-count">
                  <span aria-hidden="true">{count(counts[view] ?? 0, language)}</span>
                  <span className="visually-hidden">, {t('count.badge', { count: counts[view] ?? 0 })}</span>
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
