import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { assertNever } from '../../shared/assert-never.ts';
import type { PageState } from '../../shared/wire-page.ts';
import { chooseLanguage } from '../i18n.ts';
import { ErrorBoundary } from '../error-boundary.tsx';
import { Notice } from '../notices.tsx';
import { showTheme, theme } from '../theme.ts';
import type { IconName } from '../ui/icon.tsx';
import { State } from '../ui/parts.tsx';
import { SkipLink } from '../ui/skip-link.tsx';
import { ViewsNav } from '../ui/views-nav.tsx';
import { useInstant } from '../use-agent.ts';
import { Account } from './account.tsx';
import { AgentsView } from './agents.tsx';
import { AssetsView } from './assets.tsx';
import { FailuresView } from './failures.tsx';
import { FoldersView } from './folders.tsx';
import { JobView } from './job.tsx';
import { language } from './language.ts';
import { Later } from './later.tsx';
import { OverviewView, useOverallText } from './overview.tsx';
import { consoleTo, useConsoleRoute, type ConsoleView } from './route.ts';
import { createServer } from './server.ts';
import { readSession } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { Console, forgetSeen, useSeen } from './use-server.ts';
import { WaitingView } from './waiting.tsx';

/** The page of a server: whoever signs in sees the whole catalogue at work. */
export function App() {
  const [session, setSession] = useState(readSession);
  const server = useMemo(
    () =>
      createServer(() => {
        forgetSeen();
        setSession(readSession());
      }),
    [],
  );
  useChoices();
  if (session === null) return <SignIn server={server} />;
  return (
    <Console value={{ server, session }}>
      <Frame />
    </Console>
  );
}

/** Theme and language are this browser's, and change at once. */
function useChoices(): void {
  const { i18n } = useTranslation();
  const colours = theme.use();
  const speaks = chooseLanguage(language.use(), navigator.languages);
  useEffect(() => showTheme(colours), [colours]);
  useEffect(() => {
    document.documentElement.lang = speaks;
    if (i18n.language !== speaks) void i18n.changeLanguage(speaks);
  }, [i18n, speaks]);
}

const NAV = [
  ['overview', 'health'],
  ['waiting', 'queue'],
  ['agents', 'server'],
  ['failures', 'failures'],
  ['assets', 'grid'],
  ['folders', 'folder'],
] as const satisfies readonly (readonly [ConsoleView, IconName])[];

function Frame() {
  const { t } = useTranslation();
  const { view, chosen } = useConsoleRoute();
  const state = useSeen<PageState>('/page/state');
  const counts: Partial<Record<ConsoleView, number>> =
    state.value === null
      ? {}
      : { waiting: state.value.by_status.pending, failures: state.value.failures, agents: state.value.agents.here };
  useEffect(() => {
    document.title = `${t(`console.nav.${view}`)} – ${t('console.title')}`;
  }, [view, t]);
  const items = NAV.map(([key, icon]) => ({
    key,
    href: consoleTo(key),
    icon,
    label: t(`console.nav.${key}`),
    count: counts[key] ?? 0,
  }));
  return (
    <div className="frame" data-lost={state.refusal !== null && state.value !== null ? '' : undefined}>
      <SkipLink />
      <Top />
      <ViewsNav current={view} items={items} />
      <main id="content" className="content" tabIndex={-1} data-view={view}>
        <ErrorBoundary key={view}>
          <ChosenView view={view} chosen={chosen} />
        </ErrorBoundary>
        <Later />
      </main>
      <Notice />
    </div>
  );
}

function ChosenView({ view, chosen }: { readonly view: ConsoleView; readonly chosen: string | undefined }) {
  switch (view) {
    case 'overview':
      return <OverviewView />;
    case 'waiting':
      return <WaitingView chosen={chosen} />;
    case 'agents':
      return <AgentsView />;
    case 'failures':
      return <FailuresView chosen={chosen} />;
    case 'assets':
      return <AssetsView />;
    case 'folders':
      return <FoldersView chosen={chosen} />;
    case 'job':
      return <JobView jobId={chosen ?? ''} />;
    default:
      return assertNever(view);
  }
}

function Top() {
  const { t } = useTranslation();
  const instant = useInstant();
  const { value, at, refusal } = useSeen<PageState>('/page/state');
  const overall = useOverallText(value);
  return (
    <header className="top">
      <p className="top-name">
        <span className="top-mark" aria-hidden="true" />
        <span className="top-title">{t('console.title')}</span>{' '}
        <span className="top-agent">{window.location.host}</span>
      </p>
      <div className="status-line" role="status">
        {refusal !== null && value !== null ? (
          <State tone="bad">{t('console.link.lost', { time: instant(at) })}</State>
        ) : overall === null ? (
          <p className="status-line-note">{t('console.link.loading')}</p>
        ) : (
          <State tone={overall.tone}>{overall.text}</State>
        )}
      </div>
      <Account />
    </header>
  );
}
