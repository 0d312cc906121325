/**
 * A picture, a player and a download carry no header, so their address carries a grant instead: for one derived file,
 * to read, for a day at most. Both ends spell what is signed here: the page (renderer/bridge/http.ts) makes the grant,
 * the gateway (web/page-session.ts) checks it.
 */

/** Addresses stay the same for half a day, so that a browser's cache keeps pictures and a player keeps its place. */
const STEP_MS = 12 * 3600_000;
/** No grant reaches further, whatever it says. */
export const MEDIA_GRANT_MAX_MS = 2 * STEP_MS;

/** The instant (ms since 1970) until which an address made at `now` is good: 12 to 24 h later. */
export function grantedUntil(now: number): number {
  return (Math.floor(now / STEP_MS) + 2) * STEP_MS;
}

/** The address of a derived file without its grant, as the gateway's route reads it. */
export function derivedPath(assetUuid: string, ref: string): string {
  return `derived/${encodeURIComponent(assetUuid)}/${encodeURIComponent(ref)}`;
}

/** What is signed with the session's media key. */
export function grantText(assetUuid: string, ref: string, until: number): string {
  return `${derivedPath(assetUuid, ref)} until ${until}`;
}
