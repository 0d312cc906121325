import type { Refusal } from '../../../shared/failure.ts';
import type { ServerLink } from '../../../shared/snapshot.ts';
import { defined } from '../../../shared/objects.ts';
import { instant, type Clock } from '../../work/clock.ts';
import type { ReplyHead } from './outcome.ts';
import { createBackoff, type Backoff } from './retry.ts';
import type { Store } from '../store/store.ts';

/** `lastContactAt` is told this often at most: an idle agent must not wake every page at each poll. */
const CONTACT_EVERY_MS = 10_000;
/** A refused token is tried again at this pace, or at once when a new one is set (protocol.md, Answers). */
const TOKEN_EVERY_MS = 60_000;

/**
 * Silences and server errors in a row, over all calls, after which the server counts as away: one call that fails beside
 * others that succeed is that call's trouble.
 */
const AWAY_AFTER = 2;
/** When the server is back, what waits tries again at once; a server that comes and goes hastens nothing. */
const HURRY_EVERY_MS = 60_000;

/** How the server is doing, seen over all calls; and how long to wait before the next try. */
export interface Connection {
  /** Every reply passes here. */
  note(reply: ReplyHead): void;
  /** The waiting of one operation: each has its own, so that the success of one does not hasten another. */
  backoff(): Backoff;
  /** Waits before the next try of something that got no definite answer; ends early on `signal` or `hurry`. */
  waitBeforeRetry(reply: ReplyHead, signal: AbortSignal, backoff: Backoff): Promise<void>;
  /** A new token or address was set: everything that waits tries again. */
  retryNow(): void;
  readonly link: ServerLink;
}

export function createConnection(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: () => number;
  /** Reads the token again; true when it changed. */
  readonly refreshToken: () => boolean;
  /** Why there is no token to show to the server; null or absent while there is one. */
  readonly tokenProblem?: () => Refusal | null;
}): Connection {
  const { store, clock } = deps;
  let retrying = new AbortController();
  let lastTold = Number.NEGATIVE_INFINITY;
  let lastHurried = Number.NEGATIVE_INFINITY;
  let silences = 0;
  const link = (): ServerLink => store.snapshot().server.link;

  const change = (next: ServerLink, problem?: Refusal): void => {
    const { server } = store.snapshot();
    if (server.link === next && server.problem?.message === problem?.message) return;
    store.emit({
      type: 'serverLinkChanged',
      server: {
        link: next,
        since: server.link === next ? server.since : instant(clock),
        ...defined({ lastContactAt: server.lastContactAt, problem }),
      },
    });
  };
  const wake = (): void => {
    retrying.abort();
    retrying = new AbortController();
  };

  return {
    get link() {
      return link();
    },
    note(reply) {
      const next = linkOf(reply);
      if (next === 'connected') {
        if (clock.monotonic() - lastTold >= CONTACT_EVERY_MS || link() !== 'connected') {
          lastTold = clock.monotonic();
          store.emit({ type: 'serverAnswered', at: instant(clock), ...clockAhead(clock, reply) });
        }
        const wasAway = link() === 'unreachable' || link() === 'unauthorized';
        silences = 0;
        change('connected');
        if (!wasAway || clock.monotonic() - lastHurried < HURRY_EVERY_MS) return;
        lastHurried = clock.monotonic();
        wake();
        return;
      }
      silences += 1;
      if (next === 'unreachable' && link() === 'connected' && silences < AWAY_AFTER) return;
      const missing = next === 'unauthorized' ? deps.tokenProblem?.() : null;
      change(next, missing ?? problemOf(next, store.snapshot().server.url, reply));
    },
    backoff: () => createBackoff(deps.random),
    async waitBeforeRetry(reply, signal, backoff) {
      const refused = reply.answer === '401' || reply.answer === '403';
      const ms = refused ? TOKEN_EVERY_MS : backoff.next(reply.retryAfterMs);
      await clock.sleep(ms, AbortSignal.any([signal, retrying.signal]));
      if (refused && !signal.aborted) deps.refreshToken();
    },
    retryNow: wake,
  };
}

/** A `Date` names the second that has begun: on average the server's clock is half a second on. */
const DATE_LATE_MS = 500;

function clockAhead(clock: Clock, { serverDate }: ReplyHead): { readonly clockAheadMs?: number } {
  return serverDate === undefined ? {} : { clockAheadMs: clock.now() - (serverDate + DATE_LATE_MS) };
}

function linkOf({ answer }: ReplyHead): ServerLink {
  switch (answer) {
    case '401':
    case '403':
      return 'unauthorized';
    case 'timeout':
    case 'reset':
    case '5xx':
      return 'unreachable';
    case 'redirect':
    case 'malformed':
      return 'refused';
    default:
      // Also 429 and every 4xx: somebody who speaks the protocol answered.
      return 'connected';
  }
}

function problemOf(link: ServerLink, url: string, reply: ReplyHead): Refusal {
  if (reply.problem !== undefined) return reply.problem;
  if (link === 'unauthorized') {
    return {
      code: 'TOKEN_REFUSED',
      message: `The server ${url} refuses this agent’s token (${reply.status}).`,
      nextStep: 'Enter a new token or enrol this machine again; running jobs go on as long as their leases last.',
    };
  }
  if (link === 'refused') {
    return {
      code: 'NOT_A_RUSHCATALOG_SERVER',
      message: `${url} does not answer like a RushCatalog server (${reply.summary}).`,
      nextStep: 'Check the address; it is written without /api/v1 and must not redirect.',
    };
  }
  return {
    code: 'SERVER_UNREACHABLE',
    message: `The server ${url} cannot be reached (${reply.summary}).`,
    nextStep:
      'Check that it runs and that the network is up; the agent tries again by itself and finished work waits here.',
  };
}
