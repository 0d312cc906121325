import { defined } from '../../shared/objects.ts';
import { untilHours } from '../../shared/wire-agent-policy.ts';
import type { AgentStateName, PageAgent } from '../../shared/wire-page.ts';
import { allowsNeeds, allowsSource } from '../agents/policy.ts';
import { iso, type Context } from '../context.ts';
import { dueNeeds } from '../database/due-needs.ts';
import { expireLeases } from '../jobs/expire-leases.ts';
import { capabilitiesIn } from '../jobs/due-jobs.ts';
import { can, isFull, lookAtFleet, type Member } from './fleet.ts';
import { placesInFront } from './oldest.ts';

type Running = PageAgent['running'][number];

/** Every agent that ever registered: how it is, and why it does nothing. By name. */
export async function pageAgents(context: Context): Promise<{ items: PageAgent[] }> {
  await expireLeases(context);
  const fleet = await lookAtFleet(context);
  const running = await runningJobs(context);
  const due = (await dueNeeds(context.database)).map(capabilitiesIn);
  const front = (await placesInFront(context)).map(({ needs, root }) => ({ needs: capabilitiesIn(needs), root }));
  return {
    items: fleet.map((member) => {
      const { row, status } = member;
      const state = stateOf(member, due, front, context.clock());
      return {
        agent_id: row.agent_id,
        agent_name: row.agent_name,
        agent_version: row.agent_version,
        capabilities: [...member.capabilities].sort(),
        last_seen_at: iso(row.last_seen_at),
        state,
        slots: member.slots,
        running: running.get(row.agent_id) ?? [],
        own_token: row.token_hash !== null,
        ...defined({
          platform: row.platform ?? undefined,
          reason: state === 'standsBy' ? status?.stands_by : undefined,
          pause: pauseOf(member),
          rules: rulesOf(member),
          revoked_at: row.revoked_at === null ? undefined : iso(row.revoked_at),
          roots: status?.roots,
        }),
      };
    }),
  };
}

/** The first that is true (wire-page.ts). */
function stateOf(
  member: Member,
  due: readonly (readonly string[])[],
  front: readonly { readonly needs: readonly string[]; readonly root: string }[],
  now: number,
): AgentStateName {
  const { row, isHere, isPaused, held, status, capabilities } = member;
  if (row.revoked_at !== null) return 'revoked';
  if (!isHere) return capabilities.size === 0 ? 'signedOff' : 'away';
  if (isFull(member)) return 'full';
  if (isPaused) return 'paused';
  if (status?.stands_by !== undefined) return 'standsBy';
  if (held > 0) return 'works';
  if (!due.some((needs) => can(member, needs))) return 'nothing';
  const { policy } = member;
  const isKept = !due.some((needs) => can(member, needs) && allowsNeeds(policy, needs));
  if (isKept || untilHours(policy, now) !== null) return 'rules';
  const able = front.filter(({ needs }) => can(member, needs) && allowsNeeds(policy, needs));
  const own = able.filter(({ root }) => allowsSource(policy, root));
  if (able.length > 0 && own.length === 0) return 'rules';
  const isBlind = status?.any_root === false && own.length > 0;
  return isBlind && !own.some(({ root }) => status.roots.includes(root)) ? 'roots' : 'looks';
}

function pauseOf({ row, isPaused }: Member): PageAgent['pause'] {
  const { paused_at, paused_by, pause_note, paused_until } = row;
  if (!isPaused || paused_at === null) return undefined;
  const until = paused_until === null ? {} : { until: iso(paused_until) };
  return { by: paused_by ?? '', note: pause_note ?? '', since: iso(paused_at), ...until };
}

function rulesOf({ row: { policy_by, policy_at }, policy }: Member): PageAgent['rules'] {
  if (policy === null || policy_at === null) return undefined;
  return { ...policy, by: policy_by ?? '', since: iso(policy_at) };
}

/** As they were made. */
const inOrder = <Row extends { readonly sequence: number | null }>(rows: readonly Row[]): readonly Row[] =>
  rows.toSorted((one, other) => (one.sequence ?? 0) - (other.sequence ?? 0));

async function runningJobs({ database }: Context): Promise<ReadonlyMap<string, Running[]>> {
  const rows = await database
    .selectFrom('lease')
    // Each has one; said like this, the leases come first and the jobs are looked up.
    .leftJoin('job', 'job.job_id', 'lease.job_id')
    .leftJoin('asset', 'asset.uuid', 'job.asset_uuid')
    .select(['lease.agent_id', 'lease.job_id', 'lease.progress', 'lease.stage', 'lease.heard_at'])
    .select(['lease.cancel_requested', 'job.job_type', 'job.sequence', 'asset.source_path'])
    .execute();
  const running = new Map<string, Running[]>();
  for (const { agent_id, job_id, job_type, source_path, progress, stage, heard_at, cancel_requested } of inOrder(
    rows,
  )) {
    const job: Running = {
      job_id,
      job_type: job_type ?? '',
      source_path: source_path ?? '',
      heard_at: iso(heard_at),
      cancel_requested: cancel_requested === 1,
      ...defined({ progress: progress ?? undefined, stage: stage ?? undefined }),
    };
    const known = running.get(agent_id);
    if (known === undefined) running.set(agent_id, [job]);
    else known.push(job);
  }
  return running;
}
