import { quietFor } from '../../../shared/quiet-hours.ts';
import type { ServerPolicy } from '../../../shared/server-policy.ts';

/** ms until the server lets this agent work, by its quiet hours and the hours it said for this agent; null: now. */
export function quietByServer(
  policy: Pick<ServerPolicy, 'quietHours' | 'workHours'> | undefined,
  now: number,
): number | null {
  const work = policy?.workHours;
  const outside = work === undefined ? undefined : { ...work, start: work.end, end: work.start };
  const waits = [quietFor(policy?.quietHours, now), quietFor(outside, now)].filter((wait) => wait !== null);
  return waits.length === 0 ? null : Math.max(...waits);
}
