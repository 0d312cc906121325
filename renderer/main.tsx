import './no-eval.ts';
import './styles/tokens.css';
import './styles/frame.css';
import './styles/nav.css';
import './styles/parts.css';
import './styles/tables.css';
import './styles/now.css';
import './styles/backlog.css';
import './styles/lists.css';
import './styles/detail.css';
import './styles/capabilities.css';
import './styles/queue.css';
import './styles/filters.css';
import './styles/player.css';
import './styles/transcript.css';
import './styles/facts.css';
import './styles/saving.css';
import './styles/more.css';
import './styles/fields.css';
import './styles/settings.css';
import './styles/add-work.css';
import './styles/first-run.css';
import './styles/dialogs.css';
import { createRoot } from 'react-dom/client';
import type { Bridge } from '../shared/bridge.ts';
import { App } from './app.tsx';
import { createElectronBridge } from './bridge/electron.ts';
import { createHttpBridge } from './bridge/http.ts';
import { exchangeToken } from './bridge/session.ts';
import { chooseLanguage, startTexts } from './i18n.ts';
import { notify } from './notices.tsx';
import { createReplica } from './replica.ts';
import { showTheme } from './theme.ts';
import { Page } from './use-agent.ts';

async function openBridge(): Promise<Bridge> {
  if (window.rushcatalog !== undefined) return createElectronBridge(window.rushcatalog);
  await exchangeToken();
  // A new link pasted into an open page changes only the fragment; exchange it and begin anew.
  window.addEventListener('hashchange', () => {
    if (window.location.hash.startsWith('#token=')) void exchangeToken().then(() => window.location.reload());
  });
  return createHttpBridge();
}

showTheme();
const language = chooseLanguage('system', navigator.languages);
document.documentElement.lang = language;
const [bridge] = await Promise.all([openBridge(), startTexts(language)]);
const replica = createReplica(bridge);
const root = document.querySelector('#root');
if (root === null) throw new Error('The page has no root element.');
createRoot(root).render(
  <Page value={{ bridge, replica, notify }}>
    <App />
  </Page>,
);
