/** What the gateway hands out for a link's token (web/page-session.ts). */
export interface PageKeys {
  readonly session: string;
  readonly mediaKey: string;
}

/** Storage belongs to one origin, port included; a cookie would be sent to every program on a port of this machine. */
const KEPT = 'rushcatalog-session';
/** For a browser that keeps nothing: the session then lasts as long as the page. */
let unkept: PageKeys | null = null;

/**
 * Exchanges the token of a link for a session, once. The token leaves the address bar and the history before
 * anything is sent, so that it cannot be bookmarked, shared or shown by accident.
 */
export async function exchangeToken(page: Window = window): Promise<'no-token' | 'begun' | 'refused'> {
  const token = /^#token=([A-Za-z0-9_-]+)$/.exec(page.location.hash)?.[1];
  if (token === undefined) return 'no-token';
  page.history.replaceState(null, '', `${page.location.pathname}${page.location.search}`);
  const keys = await page
    .fetch('session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    })
    .then((answer) => (answer.ok ? answer.json() : null))
    .then(asKeys)
    .catch(() => null);
  if (keys === null) return 'refused';
  unkept = keys;
  try {
    page.localStorage.setItem(KEPT, JSON.stringify(keys));
  } catch {
    // A full or forbidden storage: `unkept` carries this page.
  }
  return 'begun';
}

/** Read anew each time: the link may have been opened in another tab meanwhile. */
export function readKeys(page: Window = window): PageKeys | null {
  try {
    return asKeys(JSON.parse(page.localStorage.getItem(KEPT) ?? 'null')) ?? unkept;
  } catch {
    return unkept;
  }
}

function asKeys(value: unknown): PageKeys | null {
  if (typeof value !== 'object' || value === null || !('session' in value) || !('mediaKey' in value)) return null;
  const { session, mediaKey } = value;
  return typeof session === 'string' && typeof mediaKey === 'string' ? { session, mediaKey } : null;
}
