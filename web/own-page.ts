import type { IncomingHttpHeaders } from 'node:http';
import { isOwnHost, isOwnOrigin, isOwnSite } from './who-may-call.ts';

/** How a page can have been loaded from where it is served. */
export interface PagePlace {
  readonly schemes: readonly ('http' | 'https')[];
  /**
   * False: by an address or as `localhost` alone. True where a name is proved otherwise: by a certificate, without which
   * no browser loads a page, or by the proxy in front.
   */
  readonly byAnyName: boolean;
}

/** In clear, on this machine. */
export const ON_LOOPBACK: PagePlace = { schemes: ['http'], byAnyName: false };

/** Whether a request can come from the page that is served here, or from a person who opens it (who-may-call.ts). */
export function isOfOwnPage(
  { headers, url }: { readonly headers: IncomingHttpHeaders; readonly url?: string | undefined },
  { schemes, byAnyName }: PagePlace,
): boolean {
  const { host, origin } = headers;
  if (!byAnyName && !isOwnHost(host)) return false;
  if (!isOwnOrigin(origin, host, schemes)) return false;
  return isOwnSite(single(headers['sec-fetch-site'])) || isPageVisit(headers, url);
}

/** Following a link to the page from elsewhere is fine: the page itself holds nothing, and it may not be framed. */
function isPageVisit(headers: IncomingHttpHeaders, url: string | undefined): boolean {
  return (
    single(headers['sec-fetch-mode']) === 'navigate' &&
    single(headers['sec-fetch-dest']) === 'document' &&
    (url === '/' || url === '/index.html')
  );
}

const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(',') : value;
