import { createHmac } from 'node:crypto';
import { grantText, MEDIA_GRANT_MAX_MS } from '../shared/media-grant.ts';
import { sameSecret } from './same-secret.ts';

/** 30 days: a bookmark keeps working between rushes; deleting the token file ends every session. */
const SESSION_MS = 30 * 24 * 3600_000;
const SESSION = /^Bearer (\d{1,16})\.([A-Za-z0-9_-]{43})$/;

/** What a page keeps in the storage of its origin. */
export interface PageKeys {
  /** Goes into the `Authorization` header of every call. */
  readonly session: string;
  /** Signs the addresses of derived files (shared/media-grant.ts); never sent. */
  readonly mediaKey: string;
}

export interface PageSessions {
  /** Begins a session for the page of this `Host`. */
  begin(host: string): PageKeys;
  /** Whether an `Authorization` header carries a session of the page of this `Host`. */
  isIn(authorization: string | undefined, host: string | undefined): boolean;
  /** Whether an address carries a grant for this very file. */
  grants(host: string | undefined, file: GrantedFile): boolean;
}

interface GrantedFile {
  readonly asset: string;
  readonly ref: string;
  /** As they stand in the address. */
  readonly until: unknown;
  readonly grant: unknown;
}

/**
 * Sessions that live as long as the token: derived from it, so they survive a restart of the agent and never are the
 * token itself. Each is good for one origin alone: what a program that took our port could read from a browser's
 * storage opens nothing at the port where the agent is now (docs/adr/0006-page-session.md).
 */
export function sessionsOf(token: string, now: () => number, lifeMs = SESSION_MS): PageSessions {
  const derive = (purpose: string, host: string): string =>
    createHmac('sha256', token).update(`${purpose}\n${host}`).digest('base64url');
  const mediaKey = (host: string): string => derive('media', host);
  return {
    begin(host) {
      const until = now() + lifeMs;
      return { session: `${until}.${derive(`session until ${until}`, host)}`, mediaKey: mediaKey(host) };
    },
    isIn(authorization, host) {
      const [, until = '', proof = ''] = SESSION.exec(authorization ?? '') ?? [];
      if (host === undefined || !(Number(until) > now())) return false;
      return until !== '' && sameSecret(proof, derive(`session until ${until}`, host));
    },
    grants(host, { asset, ref, until, grant }) {
      const instant = Number(until);
      if (host === undefined || typeof grant !== 'string' || !Number.isSafeInteger(instant)) return false;
      if (instant <= now() || instant > now() + MEDIA_GRANT_MAX_MS) return false;
      const expected = createHmac('sha256', mediaKey(host))
        .update(grantText(asset, ref, instant))
        .digest('base64url');
      return sameSecret(grant, expected);
    },
  };
}
