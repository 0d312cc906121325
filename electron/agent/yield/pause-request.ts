import { z } from 'zod';
import type { PauseLength } from '../../../shared/snapshot.ts';

/** What a person asked for; survives a restart, because "until tomorrow" may well mean after one. Instants are ISO. */
export type PauseRequest =
  | { readonly kind: 'none' }
  | { readonly kind: 'paused'; readonly since: string; readonly until?: string | undefined }
  | { readonly kind: 'finishing'; readonly since: string; readonly pauseFor: PauseLength };

/** When people who edit come back to their desks has passed by then, and nights are long enough to matter. */
const MORNING_HOUR = 6;
const HOUR_MS = 3_600_000;

/** ms since 1970 at which a pause that begins now ends; null: when somebody resumes. */
export function pauseEnd(length: PauseLength, now: number): number | null {
  switch (length) {
    case '30m':
      return now + HOUR_MS / 2;
    case '1h':
      return now + HOUR_MS;
    case 'tomorrow': {
      const today = new Date(now);
      return new Date(today.getFullYear(), today.getMonth(), today.getDate() + 1, MORNING_HOUR).getTime();
    }
    case 'until-resumed':
      return null;
  }
}

export function pausedFor(length: PauseLength, now: number): PauseRequest {
  const until = pauseEnd(length, now);
  const since = new Date(now).toISOString();
  return { kind: 'paused', since, ...(until === null ? {} : { until: new Date(until).toISOString() }) };
}

/** A pause whose time is over is none. */
export function pauseRequestAt(request: PauseRequest, now: number): PauseRequest {
  const isOver = request.kind === 'paused' && request.until !== undefined && Date.parse(request.until) <= now;
  return isOver ? { kind: 'none' } : request;
}

const Written = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('paused'), since: z.iso.datetime(), until: z.iso.datetime().optional() }),
  z.object({
    kind: z.literal('finishing'),
    since: z.iso.datetime(),
    pauseFor: z.enum(['30m', '1h', 'tomorrow', 'until-resumed']),
  }),
]);

/** What was remembered; anything unreadable is no wish. */
export function readPauseRequest(text: string | undefined): PauseRequest {
  if (text === undefined) return { kind: 'none' };
  try {
    return Written.parse(JSON.parse(text));
  } catch {
    return { kind: 'none' };
  }
}
