import { sql, type ExpressionBuilder } from 'kysely';
import { z } from 'zod';
import type { Context } from '../context.ts';
import type { Tables } from '../database/schema.ts';
import type { Place } from './offer-texts.ts';

/** A place in the queue. */
export const QueueCursor = z.tuple([z.number(), z.number()]);

/** Which page of what is due. */
export interface DuePage {
  /** Behind which it begins; absent: at the beginning. */
  readonly cursor: z.output<typeof QueueCursor> | undefined;
  readonly limit: number;
  /** The agent that asks, where it leaves something to others (elsewhere.ts). */
  readonly leaver: string | undefined;
}

/** As the column has them: a JSON array. */
export function capabilitiesIn(needs: string): readonly string[] {
  return JSON.parse(needs) as readonly string[];
}

/** Highest priority first, then oldest. */
export const inOrder = (one: Place, other: Place): number =>
  other.priority - one.priority || one.sequence - other.sequence;

/**
 * Jobs that need exactly this and could start now, in their order. The status stands in the text of the query: a partial
 * index is used only where its condition can be seen. `leaver`: without what this agent leaves to others.
 */
export function due({ database, leaseTime }: Context, needs: string, limit: number, leaver?: string) {
  const all = database
    .selectFrom('job')
    .where('status', '=', sql.lit('pending' as const))
    .where('needs', '=', needs)
    .where('not_before', 'is', null)
    .where('held', '=', sql.lit(0))
    .orderBy('priority', 'desc')
    .orderBy('sequence', 'asc')
    .limit(limit);
  if (leaver === undefined) return all;
  return all.where((where) =>
    where.not(
      where.exists(
        where
          .selectFrom('left_to_others as left')
          .select('left.sequence')
          .whereRef('left.sequence', '=', 'job.sequence')
          .where('left.agent_id', '=', leaver)
          .where('left.until', '>', leaseTime()),
      ),
    ),
  );
}

/** What stands behind a place in the order of the queue. */
export function behind([priority, sequence]: z.output<typeof QueueCursor>, where: ExpressionBuilder<Tables, 'job'>) {
  return [
    where('priority', '<', priority),
    where.and([where('priority', '=', priority), where('sequence', '>', sequence)]),
  ];
}
