import { sql } from 'kysely';
import type { Context } from '../context.ts';
import { isPostgres } from '../database/dialect.ts';
import type { Member } from './fleet.ts';

/** Jobs that lie on a media root which nobody reads. */
export interface UnreadRoot {
  readonly root: string;
  /** The capabilities they need, as `job.needs` has them → jobs. */
  readonly byNeeds: ReadonlyMap<string, number>;
  /** More were not counted. */
  readonly isMore: boolean;
}

/** A catalogue has a handful of roots; of one with more the others are not looked at. */
const MOST_ROOTS = 100;
/** Of one root, so that a whole catalogue on a share that is away costs no more than this. */
const MOST_JOBS = 20_000;
/** Folders do not come and go with every look. */
const GOOD_FOR_MS = 20_000;

interface Look {
  readonly at: number;
  readonly told: string;
  readonly unread: Promise<readonly UnreadRoot[]>;
}
const looks = new WeakMap<Context, Look>();

/** Whether the agent reads this root, as far as it tells: one that takes any, or does not tell, is taken to. */
export const readsRoot = ({ status }: Member, root: string): boolean =>
  status === null || status.any_root || status.roots.includes(root);

/** Roots that it reads and may take from; null: any. */
function rootsTaken(member: Member): readonly string[] | null {
  const { status, policy } = member;
  if (policy?.roots !== undefined) return policy.roots.filter((root) => readsRoot(member, root));
  return status === null || status.any_root ? null : status.roots;
}

/**
 * What lies on roots that no agent which is there can read, or may by its rules. Nothing is said where one of them takes
 * any, or does not tell.
 */
export async function unreadRoots(context: Context, fleet: readonly Member[]): Promise<readonly UnreadRoot[]> {
  const taken = fleet.filter(({ isHere }) => isHere).map(rootsTaken);
  if (taken.length === 0 || taken.includes(null)) return [];
  const read = new Set(taken.flatMap((roots) => roots ?? []));
  const told = JSON.stringify([...read].sort());
  const now = context.clock();
  const last = looks.get(context);
  if (last !== undefined && last.told === told && now >= last.at && now - last.at < GOOD_FOR_MS) return last.unread;
  const unread = lookAtRoots(context, read);
  looks.set(context, { at: now, told, unread });
  unread.catch(() => looks.delete(context));
  return unread;
}

async function lookAtRoots(context: Context, read: ReadonlySet<string>): Promise<readonly UnreadRoot[]> {
  const unread: UnreadRoot[] = [];
  for (const root of await rootsOf(context)) {
    if (read.has(root)) continue;
    const found = await dueOn(context, root);
    if (found.byNeeds.size > 0) unread.push({ root, ...found });
  }
  return unread;
}

/** The first names of the source paths, by going from one to the next in their index. */
async function rootsOf({ database }: Context): Promise<readonly string[]> {
  const roots: string[] = [];
  let behind = '';
  while (roots.length < MOST_ROOTS) {
    const next = await database
      .selectFrom('asset')
      .select('source_path')
      .where('source_path', '>=', behind)
      .orderBy('source_path')
      .limit(1)
      .executeTakeFirst();
    if (next === undefined) return roots;
    const [root = '', ...rest] = next.source_path.split('/');
    // A path without a root's name, or with a server's prefix, says nothing about roots.
    if (root !== '' && rest.length > 0) roots.push(root);
    // Behind everything that begins so: "0" follows "/".
    behind = rest.length > 0 ? `${root}0` : `${next.source_path}\u{1}`;
  }
  return roots;
}

async function dueOn({ database }: Context, root: string): Promise<Omit<UnreadRoot, 'root'>> {
  const due = sql<{ needs: string }>`SELECT job.needs FROM asset JOIN job ON job.asset_uuid = asset.uuid
    WHERE asset.source_path >= ${`${root}/`} AND asset.source_path < ${`${root}0`}
      AND job.status = 'pending' AND job.held = 0 AND job.not_before IS NULL LIMIT ${MOST_JOBS}`;
  const { rows } = await sql<{ needs: string; jobs: number }>`
    SELECT needs, count(*) AS jobs FROM (${due}) ${isPostgres(database) ? sql`AS due` : sql``} GROUP BY needs
  `.execute(database);
  const byNeeds = new Map(rows.map(({ needs, jobs }) => [needs, Number(jobs)]));
  const all = [...byNeeds.values()].reduce((sum, jobs) => sum + jobs, 0);
  return { byNeeds, isMore: all >= MOST_JOBS };
}
