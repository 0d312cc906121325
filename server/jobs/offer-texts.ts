import type { Context } from '../context.ts';
import { isAmong } from '../database/dialect.ts';
import type { JobRow } from '../database/schema.ts';
import { wireJob } from './job-row.ts';

/** Where a job stands in the queue. */
export type Place = Pick<JobRow, 'priority' | 'sequence'>;

interface Written {
  readonly priority: number;
  readonly text: string;
}

/** A few megabytes: what all agents of a studio are offered at once. */
const KEPT = 5_000;
const written = new WeakMap<Context, Map<number, Written>>();

/**
 * The offers of these places, each as the JSON that goes over the wire, in the same order and without what nobody may
 * claim any more. What a job asks for never changes, and it is offered many times before somebody takes it: it is read
 * and written once, and then the database only says which of them still wait.
 */
export async function offerTexts(context: Context, places: readonly Place[]): Promise<readonly string[]> {
  if (places.length === 0) return [];
  const known = written.get(context) ?? new Map<number, Written>();
  written.set(context, known);
  const waiting = await due(context, places).select(['sequence', 'priority']).execute();
  const isKnown = ({ sequence, priority }: Place): boolean => known.get(sequence)?.priority === priority;
  const unknown = waiting.filter((place) => !isKnown(place));
  if (known.size + unknown.length > KEPT) known.clear();
  await write(context, known.size === 0 ? waiting : unknown, known);
  const still = new Set(waiting.filter(isKnown).map(({ sequence }) => sequence));
  return places.flatMap(({ sequence }) => (still.has(sequence) ? (known.get(sequence)?.text ?? []) : []));
}

async function write(context: Context, places: readonly Place[], known: Map<number, Written>): Promise<void> {
  if (places.length === 0) return;
  const rows = await due(context, places)
    .select(['sequence', 'job_id', 'job_type', 'status', 'document_json', 'priority', 'claimed_by'])
    .execute();
  for (const row of rows) {
    known.set(row.sequence, { priority: row.priority, text: JSON.stringify(wireJob(context, row)) });
  }
}

/** Which of these may be claimed now. */
function due({ database }: Context, places: readonly Place[]) {
  const sequences = places.map(({ sequence }) => sequence);
  return database
    .selectFrom('job')
    .where(isAmong(database, 'sequence', sequences))
    .where('status', '=', 'pending')
    .where('not_before', 'is', null)
    .where('held', '=', 0);
}
