import { sql } from 'kysely';
import type { HealthFinding, ServerHealthCode } from '../../shared/health-states.ts';
import type { WaitGroup } from '../../shared/wire-page.ts';
import { iso, type Context } from '../context.ts';
import { lookAtFleet, type Member } from '../page/fleet.ts';
import { waitGroups } from '../page/waiting.ts';

export type Finding = HealthFinding<ServerHealthCode>;

/** Everything that is not as it should be, by queries that cost the same with a million jobs as with ten. */
export async function findStates(context: Context): Promise<readonly Finding[]> {
  const fleet = await lookAtFleet(context);
  const lost = await lostAgents(context, fleet);
  return [
    ...diskFull(context),
    ...lost.map(agentLost),
    ...(await waitGroups(context, fleet)).flatMap((group) => stuck(group, lost)),
    ...(await unreachableRules(context)),
    ...(await risingFailures(context)),
  ];
}

function diskFull({ reserve }: Context): readonly Finding[] {
  return reserve.low() ? [{ code: 'diskFull', subject: '', detail: {}, behind: [] }] : [];
}

/** Who did nothing for longer than this before it was heard of last was switched off, most likely. */
const WORKED_WITHIN_MS = 3_600_000;
/** Whoever is away for longer than this is away on purpose. */
const FORGOTTEN_AFTER_MS = 7 * 86_400_000;
/** Lines of the ledger that are looked at: an agent that idles adds one every ten minutes. */
const LINES = 20;
const WORK: ReadonlySet<string> = new Set([
  'jobClaimed',
  'leaseExpired',
  'jobSubmitted',
  'jobFailed',
  'jobGivenBack',
  'uploadBegun',
  'partStored',
  'uploadCompleted',
]);

/** Whether it worked does not change once it is silent, but for its leases, which end; agent → the answer. */
const answers = new WeakMap<Context, Map<string, { readonly seenAt: number; readonly worked: boolean }>>();

/** Agents that hold or did work when they fell silent, and did not sign off: those have no capabilities left. */
async function lostAgents(context: Context, fleet: readonly Member[]): Promise<readonly Member[]> {
  const now = context.clock();
  const silent = fleet.filter(
    ({ row, isHere, capabilities }) =>
      !isHere && row.revoked_at === null && capabilities.size > 0 && now - row.last_seen_at < FORGOTTEN_AFTER_MS,
  );
  const known = answers.get(context) ?? new Map<string, { readonly seenAt: number; readonly worked: boolean }>();
  answers.set(context, known);
  const lost: Member[] = [];
  for (const member of silent) {
    const { agent_id, last_seen_at: seenAt } = member.row;
    const answer = known.get(agent_id);
    const worked =
      member.held > 0 || (answer?.seenAt === seenAt ? answer.worked : await didWork(context, agent_id, seenAt));
    known.set(agent_id, { seenAt, worked });
    if (worked) lost.push(member);
  }
  return lost;
}

async function didWork({ database }: Context, agentId: string, seenAt: number): Promise<boolean> {
  const lines = await database
    .selectFrom('ledger')
    .select(['at', 'event'])
    .where('agent_id', '=', agentId)
    .orderBy('sequence', 'desc')
    .limit(LINES)
    .execute();
  return lines.some(({ at, event }) => WORK.has(event) && at > seenAt - WORKED_WITHIN_MS);
}

function agentLost({ row, held }: Member): Finding {
  const detail = { agent_name: row.agent_name, last_seen_at: iso(row.last_seen_at), jobs: held };
  return { code: 'agentLost', subject: row.agent_id, detail, behind: [] };
}

/** Of the reasons why jobs wait those that nobody ends by itself. */
function stuck({ reason, jobs, job_type, root, away, at_least }: WaitGroup, lost: readonly Member[]): Finding[] {
  if (reason === 'capability') {
    const behind = lost.filter(({ row }) => away.includes(row.agent_name)).map(({ row }) => row.agent_id);
    return [
      {
        code: 'nothingCan',
        subject: job_type ?? '',
        detail: { jobs, ...(job_type === undefined ? {} : { job_type }) },
        behind,
      },
    ];
  }
  if (reason !== 'root' || root === undefined) return [];
  const behind = lost.filter(({ status }) => status?.roots?.includes(root) === true).map(({ row }) => row.agent_id);
  return [{ code: 'rootMissing', subject: root, detail: { root, jobs, at_least }, behind }];
}

async function unreachableRules({ database }: Context): Promise<readonly Finding[]> {
  const rows = await database
    .selectFrom('watch_rule')
    .select(['rule_id', 'name', 'root', 'folder'])
    .where('enabled', '=', 1)
    .where('problem', 'is not', null)
    .execute();
  return rows.map(({ rule_id, name, root, folder }) => ({
    code: 'ruleUnreachable',
    subject: rule_id,
    detail: { name, root, folder },
    behind: [],
  }));
}

const RISING_MINUTES = 15;
/** Fewer say nothing, and so do those that others outnumber. */
const RISING_LEAST = 10;
/** Jobs that ended last, of which the share is taken. */
const RISING_OF = 1_000;

async function risingFailures({ database, clock }: Context): Promise<readonly Finding[]> {
  const since = clock() - RISING_MINUTES * 60_000;
  const { rows } = await sql<{ ended: number; failed: number | null }>`
    SELECT count(*) AS ended, sum(CASE WHEN status = 'failed' AND cause IS NOT NULL THEN 1 ELSE 0 END) AS failed
    FROM (SELECT status, cause FROM job WHERE status IN ('completed', 'failed') AND updated_at > ${since}
      ORDER BY updated_at DESC LIMIT ${RISING_OF}) AS lately`.execute(database);
  const [ended, failed] = [Number(rows[0]?.ended ?? 0), Number(rows[0]?.failed ?? 0)];
  if (failed < RISING_LEAST || failed * 2 < ended) return [];
  return [{ code: 'failuresRising', subject: '', detail: { failed, ended, minutes: RISING_MINUTES }, behind: [''] }];
}
