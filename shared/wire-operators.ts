import { z } from 'zod';
import { OPERATOR_ROLES } from './operator-roles.ts';

/** Letters of any script, digits, and what stands in mail addresses. */
const OperatorName = z.string().regex(/^[\p{L}\p{N}_.@+-]{1,64}$/u, 'takes up to 64 letters, digits and _ . @ + -');

const days = z.int().min(1).max(3_650);

export const AddOperatorRequest = z.object({
  name: OperatorName,
  role: z.enum(OPERATOR_ROLES),
  /** How long the token is good; null: for ever. Default 90. */
  days: days.nullable().default(90),
});

export const RotateOperatorRequest = z.object({
  days: days.nullable().default(90),
  /** How long the token it had is good beside the new one. Default 0: it ends at once. */
  overlap_hours: z.int().min(0).max(720).default(0),
});

export const OperatorEntry = z.object({
  name: z.string(),
  role: z.enum(OPERATOR_ROLES),
  created_at: z.iso.datetime(),
  rotated_at: z.iso.datetime(),
  /** Absent: its token does not expire. */
  expires_at: z.iso.datetime().optional(),
});

/** The token is told once; only its hash is kept. */
export const OperatorToken = OperatorEntry.extend({ token: z.string() });

export const OperatorList = z.object({ items: z.array(OperatorEntry) });

export const ScrubRequest = z.object({
  /** Read every file and compare what is in it; else only whether it is there in its size. */
  hashes: z.boolean().default(false),
  /** Also where more than a tenth of all files is missing. */
  force: z.boolean().default(false),
});
