import type { WebContents } from 'electron';
import type { GatewayLog } from '../gateway/agent-port.ts';
import { isOwnPage } from './own-page.ts';

type Guarded = Pick<WebContents, 'on' | 'setWindowOpenHandler'>;

/**
 * Holds for every web contents of the process, whoever made it: it shows our own page or stays where it is, opens no
 * window and embeds nothing. Reloading the page is the one navigation that is let through.
 */
export function guardNavigation(contents: Guarded, log: GatewayLog): void {
  const refuse = (event: { preventDefault(): void }, what: string, url?: string): void => {
    event.preventDefault();
    log.warn({ url }, `${what} was refused`);
  };
  contents.setWindowOpenHandler(({ url }) => {
    log.warn({ url }, 'A new window was refused');
    return { action: 'deny' };
  });
  contents.on('will-navigate', (event) => {
    if (!isOwnPage(event.url)) refuse(event, 'A navigation', event.url);
  });
  contents.on('will-frame-navigate', (event) => {
    // The main frame's are judged above; the page has no other frames, and its CSP allows none.
    if (!event.isMainFrame) refuse(event, 'A frame’s navigation', event.url);
  });
  contents.on('will-redirect', (event) => refuse(event, 'A redirection', event.url));
  contents.on('will-attach-webview', (event) => refuse(event, 'An embedded web view'));
}
