import { z } from 'zod';
import { SERVER_HEALTH_CODES } from './health-states.ts';

/** States of health of a server, as `GET /health-states` tells them. */

const Instant = z.iso.datetime();

export const HealthState = z.object({
  /** Of this time that it lasted. */
  state_id: z.guid(),
  code: z.enum(SERVER_HEALTH_CODES),
  severity: z.enum(['error', 'warning']),
  /** Id of an agent or of a rule, a kind of job, a media root; '' where there is only one. */
  subject: z.string(),
  /** Names and numbers that its sentence needs. */
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** What is so, and what to do, in English. */
  title: z.string(),
  next: z.string(),
  since: Instant,
  /** Absent: it still is. */
  over_at: Instant.optional(),
});
export type HealthState = z.infer<typeof HealthState>;

export const HealthStates = z.object({
  at: Instant,
  /** The server began a moment ago: only errors are told yet. */
  warming_up: z.boolean(),
  /** Those that are there, errors first, without what hides behind its cause. */
  items: z.array(HealthState),
  /** Those that were told and are over, newest first. */
  past: z.array(HealthState),
});
export type HealthStates = z.infer<typeof HealthStates>;
