import type { CustomScheme, WebFrameMain } from 'electron';

/** The page has a scheme of its own: `file:` pages share one origin with every file on the disk. */
const SCHEME = 'app';
const HOST = 'rushcatalog';
const ORIGIN = `${SCHEME}://${HOST}`;
export const PAGE_URL = `${ORIGIN}/index.html`;

/** `standard` gives it an origin, `secure` the rights of https, `stream` lets <video> seek; it may not bypass the CSP. */
export const OWN_SCHEME: CustomScheme & { readonly scheme: string } = {
  scheme: SCHEME,
  privileges: {
    standard: true,
    secure: true,
    supportFetchAPI: true,
    stream: true,
    bypassCSP: false,
    corsEnabled: false,
    allowServiceWorkers: false,
  },
};

/**
 * True for addresses under our own scheme and host. Compared part by part: a prefix would let
 * `app://rushcatalog.evil` in, and `URL.origin` is "null" for schemes that Node does not know.
 */
export function isOwnUrl(address: string): boolean {
  const url = URL.parse(address);
  return (
    url !== null && url.protocol === `${SCHEME}:` && url.host === HOST && url.username === '' && url.password === ''
  );
}

/** True for the page itself, whatever place in it the fragment names. */
export function isOwnPage(address: string): boolean {
  const path = URL.parse(address)?.pathname;
  return isOwnUrl(address) && (path === '/' || path === '/index.html');
}

type Frame = Pick<WebFrameMain, 'url' | 'origin' | 'parent'>;

/**
 * Who may talk to the agent: the main frame of our own page and nobody else. Both the address and the origin are
 * looked at: a sandboxed frame has our address with an opaque origin, `about:blank` has our origin with another address.
 */
export function isOwnFrame(frame: Frame | null): boolean {
  try {
    return frame !== null && frame.parent === null && frame.origin === ORIGIN && isOwnPage(frame.url);
  } catch {
    // Electron throws for a frame that went away in the meantime: nobody waits for this answer.
    return false;
  }
}

/** For the log. */
export function addressOf(frame: Frame | null): string {
  try {
    return frame?.url ?? 'gone';
  } catch {
    return 'gone';
  }
}
