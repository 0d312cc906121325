import { sql, type ExpressionBuilder } from 'kysely';
import { z } from 'zod';
import type { Context } from '../context.ts';
import type { Tables } from '../database/schema.ts';
import type { Place } from './offer-texts.ts';

/** A place in the queue. */
export const QueueCursor = z.tuple([z.number(), z.number()]);

/** Highest priority first, then oldest. */
export const inOrder = (one: Place, other: Place): number =>
  other.priority - one.priority || one.sequence - other.sequence;

/**
 * Jobs that need exactly this and could start now, in their order. The status stands in the text of the query: a partial
 * index is used only where its condition can be seen.
 */
export function due({ database }: Context, needs: string, limit: number) {
  return database
    .selectFrom('job')
    .where('status', '=', sql.lit('pending' as const))
    .where('needs', '=', needs)
    .where('not_before', 'is', null)
    .where('held', '=', sql.lit(0))
    .orderBy('priority', 'desc')
    .orderBy('sequence', 'asc')
    .limit(limit);
}

/** What stands behind a place in the order of the queue. */
export function behind([priority, sequence]: z.output<typeof QueueCursor>, where: ExpressionBuilder<Tables, 'job'>) {
  return [
    where('priority', '<', priority),
    where.and([where('priority', '=', priority), where('sequence', '>', sequence)]),
  ];
}
