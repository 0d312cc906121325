import { z } from 'zod';
import { JOB_TYPES } from './job.ts';
import { quietFor } from './quiet-hours.ts';
import { ClockTime } from './wire.ts';

/** What operators say for one agent: which work it may take, and when. */

/** A name of the IANA database that this program knows. */
const TimeZone = z.string().min(1).max(64).refine(isTimeZone, { message: 'is a time zone such as Europe/Paris' });

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

/**
 * All that is absent is left to the agent; an empty object is no rule at all. The whole replaces what was said before,
 * so that a word that nobody knows is refused, and never taken for “no limit”.
 */
export const AgentPolicy = z.strictObject({
  job_types: z.array(z.enum(JOB_TYPES)).min(1).optional(),
  /** First parts of source paths. */
  roots: z
    .array(
      z
        .string()
        .min(1)
        .max(64)
        .refine((name) => !name.includes('/'), { message: 'is the name of a media root, without “/”' }),
    )
    .min(1)
    .max(64)
    .optional(),
  /** It works within these; an `end` before `start` lies on the next day. */
  hours: z
    .strictObject({ start: ClockTime, end: ClockTime, timezone: TimeZone })
    .refine(({ start, end }) => start !== end, { message: 'begin and end at different times' })
    .optional(),
  max_parallel_jobs: z.int().min(1).max(64).optional(),
  /** Of a source; only the agent knows how large one is. */
  max_source_bytes: z.int().min(1).optional(),
});
export type AgentPolicy = z.infer<typeof AgentPolicy>;

/** ms of the wall clock until its hours begin; null: they are now, or there are none. */
export function untilHours(policy: Pick<AgentPolicy, 'hours'> | null, now: number): number | null {
  const hours = policy?.hours;
  return hours === undefined ? null : quietFor({ start: hours.end, end: hours.start, timezone: hours.timezone }, now);
}
