import { isIP } from 'node:net';

/**
 * Who may call a page's server: pure checks over request headers, each with its reason. Also what listens on loopback
 * alone is reached by every page in the person's browser and by every other account of the machine.
 */

/**
 * `Host` must be an IP address or exactly `localhost`, with or without a port.
 * Reason: in DNS rebinding a foreign name is pointed at 127.0.0.1, and the browser then treats our answers as that
 * site's own. Such a request carries the foreign name in `Host`. An address cannot be rebound, and `localhost` is
 * resolved by the browser itself. Suffix or prefix comparison would let `localhost.evil.example` in.
 */
export function isOwnHost(host: string | undefined): boolean {
  const name = hostName(host);
  return name !== null && (name === 'localhost' || isIP(name) !== 0);
}

function hostName(host: string | undefined): string | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+))(?::\d{1,5})?$/.exec(host ?? '');
  return match === null ? null : (match[1] ?? match[2] ?? null);
}

/**
 * `Origin`, where a browser sends one, must be exactly this page's.
 * Reason: a browser lets any site POST to us and adds that site's origin; a sandboxed frame and a `file:` page send
 * `null`. Only the page we served has the scheme and the very `Host` it was loaded from. A request without
 * the header comes from no foreign page (browsers always add it there) and still needs the session. `schemes`: those
 * by which the page can have been loaded.
 */
export function isOwnOrigin(
  origin: string | undefined,
  host: string | undefined,
  schemes: readonly ('http' | 'https')[] = ['http'],
): boolean {
  return origin === undefined || (host !== undefined && schemes.some((scheme) => origin === `${scheme}://${host}`));
}

/**
 * `Sec-Fetch-Site`, where a browser sends it, must be `same-origin` or `none` (address bar, link from a terminal).
 * Reason: a GET made by <img>, <script> or <video> has no `Origin`; another local server's page on 127.0.0.1 counts as
 * the same *site*, and nothing that it embeds or fetches is anybody's wish.
 */
export function isOwnSite(site: string | undefined): boolean {
  return site === undefined || site === 'same-origin' || site === 'none';
}

/**
 * A body must be declared `application/json`.
 * Reason: a form or a "simple" fetch can send text/plain, urlencoded and multipart without asking first; JSON makes
 * the browser ask by a preflight, which is never answered here.
 */
export function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
}
