import type { Session } from 'electron';
import type { GatewayLog } from '../gateway/agent-port.ts';
import { isOwnUrl } from './own-page.ts';

type Guarded = Pick<
  Session,
  | 'on'
  | 'setPermissionRequestHandler'
  | 'setPermissionCheckHandler'
  | 'setDevicePermissionHandler'
  | 'setBluetoothPairingHandler'
  | 'setDisplayMediaRequestHandler'
>;

/**
 * The one exception: "Copy for support" writes text that the page made to the clipboard, after a click. Reading the
 * clipboard is another permission, and stays denied with all the others.
 */
const COPY = 'clipboard-sanitized-write';

/**
 * No page gets a camera, a device, a notification or anything else. Of downloads only what the page itself wrote passes:
 * a transcript or a diagnostics bundle, for which the system asks where to put it.
 */
export function guardPermissions(session: Guarded, log: GatewayLog): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    const granted = permission === COPY && details.isMainFrame && isOwnUrl(details.requestingUrl);
    if (!granted) log.warn({ permission, url: details.requestingUrl }, 'A permission was refused');
    answer(granted);
  });
  session.setPermissionCheckHandler(
    (_contents, permission, requestingOrigin) => permission === COPY && isOwnUrl(requestingOrigin),
  );
  session.setDevicePermissionHandler(() => false);
  session.setBluetoothPairingHandler((_details, answer) => answer({ confirmed: false }));
  session.setDisplayMediaRequestHandler((_request, answer) => answer(null));
  session.on('will-download', (event, item) => {
    if (isOwnText(item.getURL())) return;
    event.preventDefault();
    log.warn({ url: item.getURL() }, 'A download was refused');
  });
}

/** `blob:` addresses are made by the page that is shown, and by nobody else in this session. */
function isOwnText(address: string): boolean {
  return address.startsWith('blob:') && isOwnUrl(address.slice('blob:'.length));
}
