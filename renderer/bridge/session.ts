/**
 * Exchanges the token of a link for a session, once. The token leaves the address bar and the history before
 * anything is sent, so that it cannot be bookmarked, shared or shown by accident.
 */
export async function exchangeToken(page: Window = window): Promise<'no-token' | 'begun' | 'refused'> {
  const token = /^#token=([A-Za-z0-9_-]+)$/.exec(page.location.hash)?.[1];
  if (token === undefined) return 'no-token';
  page.history.replaceState(null, '', `${page.location.pathname}${page.location.search}`);
  const answer = await page
    .fetch('session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    })
    .catch(() => null);
  return answer?.ok === true ? 'begun' : 'refused';
}
