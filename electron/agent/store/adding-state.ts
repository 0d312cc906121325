import type { Refusal } from '../../../shared/failure.ts';
import type { Adding } from '../../../shared/snapshot.ts';
import type { ImportRows } from '../journal/import-rows.ts';

/** What the journal says about files on their way into the queue, for the snapshot. */
export function addingOf(rows: ImportRows, problem: Refusal | null = null): Adding | null {
  const round = rows.round();
  return round === undefined ? null : { ...round, ...rows.counts(), ...(problem === null ? {} : { problem }) };
}
