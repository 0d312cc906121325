import type { LedgerEntry } from '../../server/ledger/ledger.ts';
import { sha256 } from '../../server/hash.ts';
import type { SentRequest } from './network.ts';

/**
 * What must hold, kept apart from the code it judges: the oracle sees requests at the wire, the server's ledger and
 * the moments of work, and knows nothing of either side's inner state.
 */

/** How long the server grants a lease. The oracle does not trust what either side computes from it. */
export const LEASE_MS = 60_000;
/** After a thaw, or after a lease ended, a running job may go on for this long (reliability.md: 2 s). */
const MAY_GO_ON_MS = 2_000;
/** An agent that was well for this long within a lease has kept it: a time-out, a wait and two beats fit in. */
const WELL_MS = 38_000;

interface SeenLease {
  readonly jobId: string;
  readonly agent: number;
  /** The claim arrived long after it was sent: nobody may know of this lease. */
  readonly ghost: boolean;
  /** Its agent was killed while it held it. */
  diedIn: boolean;
  until: number;
  /** The same without heartbeats that arrived when their agent had long given them up: it may have let go by then. */
  keptUntil: number;
}

interface Health {
  bad: boolean;
  /** When it last was in trouble, or came out of it. */
  badAt: number;
  thawedAt: number;
  /** Times of good health that are over. */
  readonly well: { readonly from: number; readonly to: number }[];
}

export interface Oracle {
  sent(request: SentRequest): void;
  served(request: SentRequest, status: number, body: string, late: boolean): void;
  /** An agent is in trouble from now on, or no more. */
  trouble(agent: number, bad: boolean): void;
  /** A single fault of one request. */
  fault(agent: number): void;
  thawed(agent: number): void;
  /** An executor works on a job, under this token. */
  working(agent: number, lockToken: string): void;
  /** A job was worked on to its end. */
  made(agent: number, jobId: string): void;
  /** How many jobs were worked on to their end, each time counted. */
  madeCount(): number;
  killed(agent: number): void;
  /** Everything was well for a long time, and a job has not ended. */
  lost(): void;
  /** Judges the whole ledger of a run. `epoch`: wall clock at the oracle's time 0. */
  judge(ledger: readonly LedgerEntry[], epoch: number): void;
  /** Every rule that was broken, once each. */
  readonly broken: ReadonlySet<string>;
}

const UNDER_LEASE = /\/(heartbeat|submit|fail)$|\/upload\/(init|part|complete)$/;

export function createOracle(now: () => number, agents: number): Oracle {
  const broken = new Set<string>();
  const leases = new Map<string, SeenLease>();
  const reported = new Set<string>();
  const kills = new Map<number, number>();
  const made = new Map<string, number>();
  const health: Health[] = Array.from({ length: agents }, () => ({
    bad: false,
    badAt: 0,
    thawedAt: Number.NEGATIVE_INFINITY,
    well: [],
  }));
  const healthOf = (agent: number): Health => health[agent] ?? fail(`There is no agent ${agent}`);
  const endSpell = (state: Health): void => {
    if (!state.bad) state.well.push({ from: state.badAt, to: now() });
    state.badAt = now();
  };

  return {
    broken,
    sent(request) {
      const token = tokenOf(request);
      if (token === null || request.path.endsWith('/heartbeat')) return;
      const report = /\/(submit|fail)$/.test(request.path);
      const key = `${request.path} ${token}`;
      const lease = leases.get(token);
      // A report that was fixed may have arrived before its agent died: only the same bytes again can tell.
      const mayHaveArrived = report && (reported.has(key) || lease?.diedIn === true);
      if (lease !== undefined && now() > lease.until && !mayHaveArrived) {
        broken.add(`deadline: ${lastWord(request.path)} was sent after its lease had ended`);
      }
      if (report) reported.add(key);
    },
    served(request, status, body, late) {
      const ok = status >= 200 && status < 300;
      if (!ok) return;
      if (request.path.endsWith('/claim')) {
        const answer = JSON.parse(body) as { job_id: string; lock_token: string };
        if (leases.has(answer.lock_token)) return;
        leases.set(answer.lock_token, {
          jobId: answer.job_id,
          agent: request.agent,
          ghost: late,
          diedIn: false,
          until: now() + LEASE_MS,
          keptUntil: now() + LEASE_MS,
        });
        return;
      }
      const token = tokenOf(request);
      if (token === null) return;
      const lease = leases.get(token);
      if (lease === undefined) return;
      if (request.path.endsWith('/heartbeat')) {
        if (now() > lease.until) broken.add('token: a heartbeat was accepted for a lease that had ended');
        lease.until = now() + LEASE_MS;
        if (!late) lease.keptUntil = lease.until;
      }
    },
    trouble(agent, bad) {
      const state = healthOf(agent);
      if (state.bad === bad) return;
      endSpell(state);
      state.bad = bad;
    },
    fault: (agent) => endSpell(healthOf(agent)),
    thawed(agent) {
      healthOf(agent).thawedAt = now();
    },
    working(agent, lockToken) {
      const lease = leases.get(lockToken);
      if (lease === undefined) return;
      if (now() > Math.max(lease.until, healthOf(agent).thawedAt) + MAY_GO_ON_MS) {
        broken.add('deadline: a job was worked on after its lease had ended');
      }
    },
    made(agent, jobId) {
      const key = `${agent} ${jobId}`;
      made.set(key, (made.get(key) ?? 0) + 1);
      if ((made.get(key) ?? 0) > 1 + (kills.get(agent) ?? 0)) broken.add('kept: finished work was made again');
    },
    madeCount: () => [...made.values()].reduce((sum, count) => sum + count, 0),
    killed(agent) {
      kills.set(agent, (kills.get(agent) ?? 0) + 1);
      for (const lease of leases.values()) if (lease.agent === agent) lease.diedIn = true;
    },
    lost: () => void broken.add('ended: a job never came to an end'),
    judge(ledger, epoch) {
      for (const state of health) endSpell(state);
      const byHash = new Map([...leases].map(([token, lease]) => [sha256(token), lease]));
      for (const [jobId, entries] of Map.groupBy(ledger, (entry) => entry.jobId)) {
        if (jobId !== null) for (const rule of judgeJob(entries, byHash, epoch, wasWell(health))) broken.add(rule);
      }
    },
  };
}

type WasWell = (agent: number, from: number, to: number) => boolean;

function wasWell(health: readonly Health[]): WasWell {
  return (agent, from, to) =>
    (health[agent]?.well ?? []).some((spell) => Math.min(spell.to, to) - Math.max(spell.from, from) >= WELL_MS);
}

/** One job's ledger, entry by entry: who held it, who wrote, how it ended. */
function judgeJob(
  entries: readonly LedgerEntry[],
  leases: ReadonlyMap<string, SeenLease>,
  epoch: number,
  agentWasWell: WasWell,
): string[] {
  const rules: string[] = [];
  let holder: string | null = null;
  let lapsed: string | null = null;
  let submitted: string | null = null;
  let endings = 0;
  const begun = new Map<string, number>();
  for (const { event, lockHash, at } of entries) {
    if (event === 'jobClaimed') {
      if (holder !== null) rules.push('token: a job was claimed while somebody held it');
      if (endings > 0) rules.push('once: a job was claimed after it had ended');
      holder = lockHash;
      continue;
    }
    if (lockHash === null) continue;
    const afterLapse = lockHash === lapsed && (event === 'jobFailed' || event === 'jobCancelled');
    // Written with the submit that ended the lease.
    const ofSubmit = lockHash === submitted && event.startsWith('derived');
    if (lockHash !== holder && !afterLapse && !ofSubmit) rules.push(`token: ${event} was accepted under another lease`);
    const lease = leases.get(lockHash);
    if (event === 'leaseExpired') {
      // What happened before the last heartbeat, or the claim, had no part in it.
      if (
        lease !== undefined &&
        !lease.ghost &&
        agentWasWell(lease.agent, lease.keptUntil - LEASE_MS, lease.keptUntil)
      ) {
        rules.push('intent: a lease lapsed although its agent was well for long enough to keep it');
      }
      [holder, lapsed] = [null, lockHash];
    } else if (!afterLapse && lease !== undefined && at - epoch > lease.until) {
      rules.push(`deadline: ${event} was accepted after the lease had ended`);
    }
    if (event === 'uploadBegun') begun.set(lockHash, (begun.get(lockHash) ?? 0) + 1);
    if (event === 'jobSubmitted') {
      endings += 1;
      submitted = lockHash;
    }
    if (event === 'jobSubmitted' || event === 'jobFailed' || event === 'jobGivenBack' || event === 'jobCancelled') {
      holder = null;
    }
  }
  if (endings > 1) rules.push('once: a job was submitted twice');
  if ([...begun.values()].some((count) => count > 1)) rules.push('key: one upload was begun twice under one lease');
  return rules;
}

/** The lock token a request carries in its body, JSON or form; null where it carries none. */
function tokenOf({ path, body }: SentRequest): string | null {
  if (!UNDER_LEASE.test(path)) return null;
  const text = body.toString('latin1');
  return /"lock_token":"([^"]+)"/.exec(text)?.[1] ?? /name="lock_token"\r\n\r\n([^\r]+)\r\n/.exec(text)?.[1] ?? null;
}

const lastWord = (path: string): string => path.split('/').at(-1) ?? path;

function fail(message: string): never {
  throw new Error(message);
}
