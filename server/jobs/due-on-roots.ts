import type { Context } from '../context.ts';
import { encodeCursor } from '../cursor.ts';
import { behind, due, inOrder, type DuePage } from './due-jobs.ts';
import type { Place } from './offer-texts.ts';

/**
 * So many of each kind are looked through for one page: the queue has no index by media roots, and a page costs a few
 * milliseconds however much of it lies elsewhere. Behind them the next page goes on.
 */
const LOOKED_THROUGH = 2_000;

/**
 * Of what could start and needs one of these, what lies on one of these roots, in the order of the queue.
 *
 * @param needs as `job.needs` has them
 * @param roots first parts of source paths
 * @returns at most `limit` places, and where the next page begins; it may be that one alone
 */
export async function dueOnRoots(
  context: Context,
  needs: readonly string[],
  roots: readonly string[],
  page: DuePage,
): Promise<{ readonly places: readonly Place[]; readonly next: { readonly next_cursor?: string } }> {
  const found: Place[] = [];
  // The last place up to which all kinds were looked through.
  let horizon: Place | undefined;
  for (const each of needs) {
    const rows = await lookedThrough(context, each, page);
    const last = rows.at(-1);
    if (rows.length === LOOKED_THROUGH && last !== undefined && (horizon === undefined || inOrder(last, horizon) < 0)) {
      horizon = last;
    }
    for (const { priority, sequence, source_path } of rows) {
      // What has no file is invalid, and somebody has to say so.
      if (source_path === null || roots.includes(source_path.split('/', 1)[0] ?? ''))
        found.push({ priority, sequence });
    }
  }
  const end = horizon;
  const within = end === undefined ? found : found.filter((place) => inOrder(place, end) <= 0);
  const places = within.sort(inOrder).slice(0, page.limit);
  const next = within.length > page.limit ? places.at(-1) : horizon;
  return { places, next: next === undefined ? {} : { next_cursor: encodeCursor([next.priority, next.sequence]) } };
}

async function lookedThrough(context: Context, needs: string, { cursor, leaver }: DuePage) {
  const some = due(context, needs, LOOKED_THROUGH, leaver);
  const rest = cursor === undefined ? some : some.where((where) => where.or(behind(cursor, where)));
  return rest
    .leftJoin('asset', 'asset.uuid', 'job.asset_uuid')
    .select(['job.priority', 'job.sequence', 'asset.source_path'])
    .execute();
}
