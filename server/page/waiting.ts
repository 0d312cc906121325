import { sql } from 'kysely';
import { CAPABILITY_OF, isJobType, JOB_TYPE_OF, type CapabilityName } from '../../shared/job.ts';
import { defined } from '../../shared/objects.ts';
import { untilHours } from '../../shared/wire-agent-policy.ts';
import type { WaitGroup, WaitReasonName } from '../../shared/wire-page.ts';
import { allowsNeeds } from '../agents/policy.ts';
import { iso, isoOfLease, type Context } from '../context.ts';
import { capabilitiesIn } from '../jobs/due-jobs.ts';
import { can, isFull, type Member } from './fleet.ts';
import { readsRoot, unreadRoots, type UnreadRoot } from './media-roots.ts';
import { oldestOf, type Oldest } from './oldest.ts';

/** Jobs that need the same. */
interface Due {
  readonly needs: string;
  readonly jobs: number;
  /** Of the wall clock. */
  readonly now: number;
}

/** What waits, by why it waits: the reasons that somebody has to end first, then those that end by themselves. */
export async function waitGroups(context: Context, fleet: readonly Member[]): Promise<WaitGroup[]> {
  const [pending, held, heldOff] = [await byNeeds(context), await onHold(context), await heldOffByNeeds(context)];
  const unread = await unreadRoots(context, fleet);
  const oldest = await oldestOf(context);
  const groups: WaitGroup[] = [];
  for (const [needs, jobs] of pending) {
    const waits = jobs - (held.get(needs)?.jobs ?? 0) - (heldOff.get(needs)?.jobs ?? 0);
    if (waits > 0) {
      const due = { needs, jobs: waits, now: context.clock() };
      groups.push(...dueGroups(due, fleet, unread, oldest.due.get(needs)));
    }
  }
  const reasonless = { able: 0, away: [], here: hereOf(fleet).length, at_least: false };
  for (const [needs, { jobs, until }] of heldOff) {
    const end = isoOfLease(context, until);
    groups.push({
      ...reasonless,
      reason: 'heldOff',
      jobs,
      ...jobTypeOf(needs),
      until: end,
      ...shown(oldest.heldOff.get(needs)),
    });
  }
  const holder = held.size === 0 ? null : await lastHold(context);
  for (const [needs, { jobs }] of held)
    groups.push({
      ...reasonless,
      reason: 'held',
      jobs,
      ...jobTypeOf(needs),
      ...holder,
      ...shown(oldest.held.get(needs)),
    });
  return mergedRoots(groups).sort(
    (one, other) => RANK.indexOf(one.reason) - RANK.indexOf(other.reason) || other.jobs - one.jobs,
  );
}

/** One group for each root that nobody reads, whatever is to be made of what lies there. */
function mergedRoots(groups: readonly WaitGroup[]): WaitGroup[] {
  const roots = new Map<string, WaitGroup>();
  for (const { job_type: _type, ...group } of groups.filter(({ reason }) => reason === 'root')) {
    const known = roots.get(group.root ?? '');
    const jobs = group.jobs + (known?.jobs ?? 0);
    roots.set(group.root ?? '', { ...group, ...known, jobs, able: Math.max(group.able, known?.able ?? 0) });
  }
  return [...groups.filter(({ reason }) => reason !== 'root'), ...roots.values()];
}

const RANK: readonly WaitReasonName[] = [
  ...(['capability', 'root', 'rules', 'paused', 'standsBy', 'busy', 'heldOff', 'soon', 'held'] as const),
];

const hereOf = (fleet: readonly Member[]): readonly Member[] => fleet.filter(({ isHere }) => isHere);
const shown = (oldest: Oldest | undefined) => (oldest === undefined ? {} : { oldest });

/** An invalid job needs nothing, and has no type that could be said. */
function jobTypeOf(needs: string): { readonly job_type?: string } {
  const [capability = ''] = capabilitiesIn(needs);
  // Of a capability that is none of ours there is none.
  const type = JOB_TYPE_OF[capability as CapabilityName] as string | undefined;
  return defined({ job_type: type });
}

/** Of jobs that could start: those on a root that nobody reads, and the others by what the agents are at. */
function dueGroups(due: Due, fleet: readonly Member[], unread: readonly UnreadRoot[], oldest?: Oldest): WaitGroup[] {
  const needs = capabilitiesIn(due.needs);
  const here = hereOf(fleet);
  const able = here.filter((member) => can(member, needs));
  const away = fleet.filter((member) => !member.isHere && member.row.revoked_at === null && can(member, needs));
  const common = {
    ...jobTypeOf(due.needs),
    able: able.length,
    away: needs.length === 0 ? [] : away.map(({ row }) => row.agent_name),
    here: here.length,
    at_least: false,
  };
  if (able.length === 0) return [{ ...common, reason: 'capability', jobs: due.jobs, ...shown(oldest) }];
  const groups: WaitGroup[] = [];
  let left = due.jobs;
  for (const { root, byNeeds: counted, isMore } of unread) {
    const jobs = Math.min(left, counted.get(due.needs) ?? 0);
    if (jobs === 0) continue;
    left -= jobs;
    const own = oldest?.source_path.startsWith(`${root}/`) === true ? oldest : undefined;
    const kept = able.filter((member) => readsRoot(member, root));
    const why = kept.length === 0 ? ({ reason: 'root' } as const) : byRule('roots', kept);
    groups.push({ ...common, ...why, jobs, root, at_least: isMore, ...shown(own) });
  }
  if (left === 0) return groups;
  const own = groups.some((group) => group.oldest !== undefined) ? undefined : oldest;
  groups.push({ ...common, ...reasonOf(able, needs, due.now), jobs: left, ...shown(own) });
  return groups;
}

type Reason = Pick<WaitGroup, 'reason' | 'by' | 'note' | 'until' | 'rule' | 'agents'>;

const byRule = (rule: NonNullable<WaitGroup['rule']>, members: readonly Member[]): Reason => ({
  reason: 'rules',
  rule,
  agents: members.map(({ row }) => row.agent_name),
});

/** Where what operators said keeps every able agent from these: by which rule, and until when. */
function ruleOf(able: readonly Member[], needs: readonly string[], now: number): Reason | null {
  const outside = able.filter(({ policy }) => allowsNeeds(policy, needs));
  if (outside.length === 0) return byRule('job_types', able);
  const waits = outside.map(({ policy }) => untilHours(policy, now));
  if (waits.includes(null)) return null;
  return { ...byRule('hours', outside), until: iso(now + Math.min(...waits.map((wait) => wait ?? Infinity))) };
}

/** By its rules it holds as many as it may; by its own setting it would take more. */
const isFullByRule = ({ held, policy, row }: Member): boolean =>
  policy?.max_parallel_jobs !== undefined &&
  held >= policy.max_parallel_jobs &&
  policy.max_parallel_jobs < (row.max_parallel_jobs ?? Infinity);

/** Of able agents that are there: what keeps all of them from taking more. */
function reasonOf(able: readonly Member[], needs: readonly string[], now: number): Reason {
  const ruled = ruleOf(able, needs, now);
  if (ruled !== null) return ruled;
  const allowed = able.filter(({ policy }) => allowsNeeds(policy, needs) && untilHours(policy, now) === null);
  const willing = allowed.filter((member) => !member.isPaused);
  if (willing.length === 0) {
    const [first] = allowed.toSorted(
      (one, other) => (one.row.paused_until ?? Infinity) - (other.row.paused_until ?? Infinity),
    );
    const { paused_by, pause_note, paused_until } = first?.row ?? {};
    return {
      reason: 'paused',
      ...defined({ by: paused_by ?? undefined, note: pause_note ?? undefined }),
      ...(typeof paused_until === 'number' ? { until: iso(paused_until) } : {}),
    };
  }
  const free = willing.filter(({ status }) => status?.stands_by === undefined);
  if (free.length === 0) return { reason: 'standsBy' };
  if (free.every(isFullByRule)) return byRule('max_parallel_jobs', free);
  return { reason: free.every(isFull) ? 'busy' : 'soon' };
}

/** Pending jobs by what they need, from the counters. */
async function byNeeds({ database }: Context): Promise<ReadonlyMap<string, number>> {
  const rows = await database
    .selectFrom('job_count')
    .select(['needs', 'jobs'])
    .where('status', '=', 'pending')
    .where('jobs', '>', 0)
    .execute();
  return new Map(rows.map(({ needs, jobs }) => [needs, Number(jobs)]));
}

interface NotDue {
  readonly jobs: number;
  /** Of the lease clock: when the first of them is due. */
  readonly until: number;
}

/** As text: a partial index is used only where its condition can be seen. */
const PENDING = sql.lit('pending' as const);
/** Jobs that are held off or on hold are few; of more than these only so many are counted. */
const MOST = 50_000;

async function heldOffByNeeds({ database }: Context): Promise<ReadonlyMap<string, NotDue>> {
  const { rows } = await sql<{ needs: string; jobs: number; until: number }>`
    SELECT needs, count(*) AS jobs, min(not_before) AS until FROM (SELECT needs, not_before FROM job
      WHERE status = ${PENDING} AND not_before IS NOT NULL AND held = 0 ORDER BY not_before LIMIT ${MOST}) AS later
    GROUP BY needs`.execute(database);
  return new Map(rows.map(({ needs, jobs, until }) => [needs, { jobs: Number(jobs), until: Number(until) }]));
}

/** From the counters, which have job types; a type needs one capability. */
async function onHold({ database }: Context): Promise<ReadonlyMap<string, { readonly jobs: number }>> {
  const rows = await database.selectFrom('pending_count').select(['job_type', 'jobs']).where('held', '=', 1).execute();
  const held = new Map<string, { jobs: number }>();
  for (const { job_type, jobs } of rows) {
    const needs = JSON.stringify(isJobType(job_type) ? [CAPABILITY_OF[job_type]] : []);
    held.set(needs, { jobs: (held.get(needs)?.jobs ?? 0) + Number(jobs) });
  }
  return held;
}

/** Who put jobs on hold last. */
async function lastHold({ database }: Context): Promise<{ readonly by?: string }> {
  const last = await database
    .selectFrom('ledger')
    .select('operator')
    .where('event', '=', 'jobHeld')
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  return defined({ by: last?.operator ?? undefined });
}
