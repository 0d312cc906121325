import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isOfOwnPage, type PagePlace } from '../../web/own-page.ts';
import { sessionsOf } from '../../web/page-session.ts';
import type { OperatorRole } from '../../shared/operator-roles.ts';
import type { Caller } from '../agents/caller.ts';
import { iso, type Context } from '../context.ts';
import { sameHash, sha256 } from '../hash.ts';
import { goodTokensOf, SHARED_OPERATOR, type GoodToken } from '../operators/operators.ts';
import { forbidden, unauthorized } from '../problem.ts';

/** A working day: whoever sits down the next morning says once more who they are. */
const SESSION_MS = 12 * 3_600_000;
/** Tells a session from a token before anything is asked. */
const PREFIX = 'rcs_';
const SESSION = /^rcs_([A-Za-z0-9_-]+)\.(\d{1,16}\.[A-Za-z0-9_-]{43})$/;

/** How operators are let in by a page in a browser. */
export interface PageAccess {
  /** Of the data folder, which all processes of a catalogue share: a session is good at each of them. */
  readonly secret: string;
  readonly place: PagePlace;
}

/** What of a request says where it comes from. */
export interface Asking {
  readonly headers: IncomingHttpHeaders;
  readonly url?: string | undefined;
}

/** Everything by which somebody is let in. */
interface Doors {
  readonly page: PageAccess | null;
  readonly operatorHash: string | null;
}

interface BegunSession {
  readonly session: string;
  readonly name: string;
  readonly role: OperatorRole;
  readonly expires_at: string;
}

export const isSession = (bearer: string): boolean => bearer.startsWith(PREFIX);

/**
 * Exchanges an operator's token for a session of the page at this very origin (docs/adr/0006-page-session.md, 0040). It
 * is made of the token's hash and a secret of this server: it ends with the token, needs no row, and what a backup has
 * does not open it. @throws Problem 401, 403
 */
export async function beginPageSession(
  context: Context,
  doors: Doors,
  asking: Asking,
  { name, token }: { readonly name: string; readonly token: string },
): Promise<BegunSession> {
  const { access, host } = placeOf(doors, asking);
  const hash = sha256(token);
  const known = (await tokensOf(context, doors, name)).find((each) => sameHash(each.hash, hash));
  if (known === undefined) throw unauthorized('This name and this token do not go together, or the token has expired.');
  const lifeMs = Math.min(SESSION_MS, (known.until ?? Number.POSITIVE_INFINITY) - context.clock());
  const { session } = sessionsOf(keyOf(access, known), context.clock, lifeMs).begin(host);
  return {
    session: `${PREFIX}${Buffer.from(name).toString('base64url')}.${session}`,
    name,
    role: known.role,
    expires_at: iso(context.clock() + lifeMs),
  };
}

/** Whose session a bearer is. @throws Problem 401 once it is over, 403 from anywhere but the page's own origin */
export async function callerOfSession(
  context: Context,
  doors: Doors,
  asking: Asking,
  bearer: string,
): Promise<Caller | null> {
  const { access, host } = placeOf(doors, asking);
  const [, encoded = '', session = ''] = SESSION.exec(bearer) ?? [];
  const name = Buffer.from(encoded, 'base64url').toString('utf8');
  const known = (await tokensOf(context, doors, name)).find((each) =>
    sessionsOf(keyOf(access, each), context.clock).isIn(`Bearer ${session}`, host),
  );
  if (known === undefined) throw unauthorized('This session is over; sign in again.');
  return { scope: 'operator', name, role: known.role };
}

function placeOf({ page }: Doors, asking: Asking): { readonly access: PageAccess; readonly host: string } {
  const { host } = asking.headers;
  if (page === null) throw unauthorized('This server shows no page.');
  if (host === undefined || !isOfOwnPage(asking, page.place)) {
    throw forbidden('This request does not come from the server’s own page.');
  }
  return { access: page, host };
}

async function tokensOf(context: Context, { operatorHash }: Doors, name: string): Promise<readonly GoodToken[]> {
  if (name !== SHARED_OPERATOR) return goodTokensOf(context, name);
  return operatorHash === null ? [] : [{ hash: operatorHash, role: 'admin', until: null }];
}

const keyOf = ({ secret }: PageAccess, { hash }: GoodToken): string =>
  createHmac('sha256', secret).update(hash).digest('base64url');
