import { z } from 'zod';

/** Shapes of requests and answers that only the server needs. */

export const nothing = z.object({});

export const PageQuery = z.object({
  cursor: z.string().min(1).max(500).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/** More than an agent can take before it asks again; it pages on where it may take none of these. */
export const OfferQuery = PageQuery.extend({ limit: z.coerce.number().int().min(1).max(500).default(50) });

export const pageOf = <S extends z.ZodType>(item: S) =>
  z.object({ items: z.array(item), next_cursor: z.string().optional() });

export const EnrollmentAnswer = z.object({ token: z.string(), expires_at: z.iso.datetime() });

export const LedgerQuery = z.object({
  job_id: z.guid().optional(),
  agent_id: z.guid().optional(),
  event: z.string().min(1).max(100).optional(),
  cursor: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});

export const LedgerEntryShape = z.object({
  sequence: z.int(),
  at: z.iso.datetime(),
  event: z.string(),
  agent_id: z.string().optional(),
  job_id: z.string().optional(),
  lock_hash: z.string().optional(),
  operator: z.string().optional(),
  detail: z.record(z.string(), z.unknown()),
});
