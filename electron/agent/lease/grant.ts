import type { ReplyHead } from '../server/outcome.ts';
import type { Grant } from './messages.ts';

/** The resolution of a `Date` header, taken off what was granted. */
const DATE_RESOLUTION_MS = 1_000;
/** Of the time granted, this much is ours (protocol.md, Lease). */
const SHARE = 0.9;
/** Granted when a server tells neither `locked_until` nor `Date`: short enough to be safe with any sensible lease. */
export const ASSUMED_GRANT_MS = 15_000;

/**
 * The deadline of a lease on the monotonic clock: the moment before the request, plus 0.9 of (`locked_until` minus
 * the answer's `Date`, minus 1 s). Both instants are the server's, so that no two wall clocks are compared.
 */
export function grantOf(
  reply: Pick<ReplyHead, 'sentAt' | 'serverDate'>,
  lockedUntil: string | undefined,
  previousMs?: number,
): Grant {
  const until = lockedUntil === undefined ? Number.NaN : Date.parse(lockedUntil);
  const told = reply.serverDate === undefined || Number.isNaN(until) ? undefined : until - reply.serverDate;
  const grantedMs = Math.max(0, told === undefined ? (previousMs ?? ASSUMED_GRANT_MS) : told - DATE_RESOLUTION_MS);
  return { deadline: reply.sentAt + SHARE * grantedMs, grantedMs };
}

/** ms between heartbeats: every third of the lease, at most 30 s and at least 0.5 s apart. */
export function heartbeatInterval(grantedMs: number): number {
  return Math.min(30_000, Math.max(500, grantedMs / 3));
}
