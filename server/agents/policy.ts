import { JOB_TYPE_OF, type CapabilityName } from '../../shared/job.ts';
import type { AgentPolicy } from '../../shared/wire-agent-policy.ts';
import type { RegisterAnswer } from '../../shared/wire.ts';
import type { AgentRow } from '../database/schema.ts';
import { sha256 } from '../hash.ts';
import type { Policy } from '../options.ts';

/** What operators said for one agent, as everything here asks it. */

/** As `setAgentPolicy` kept it; null: nothing. */
export function agentPolicyOf({ policy_json }: Pick<AgentRow, 'policy_json'>): AgentPolicy | null {
  return policy_json === null ? null : (JSON.parse(policy_json) as AgentPolicy);
}

/** Names what was said last; undefined where nobody ever said anything. */
export function policyRevision({ policy_json, policy_at }: Pick<AgentRow, 'policy_json' | 'policy_at'>) {
  return policy_at === null ? undefined : sha256(`${policy_at} ${policy_json ?? ''}`).slice(0, 32);
}

/** The server's policy and what was said for the agent as one, the stricter of both. */
export function serverPolicy(
  { quiet_hours, allowed_job_types, max_parallel_jobs_allowed, ...policy }: Policy,
  agent: Pick<AgentRow, 'policy_json' | 'policy_at'>,
): NonNullable<RegisterAnswer['server_policy']> {
  const own = agentPolicyOf(agent);
  return {
    ...policy,
    max_parallel_jobs_allowed: Math.min(max_parallel_jobs_allowed, own?.max_parallel_jobs ?? Infinity),
    allowed_job_types: allowed_job_types.filter((type) => allowsType(own, type)),
    quiet_hours,
    work_hours: own?.hours,
    allowed_roots: own?.roots,
    max_source_bytes: own?.max_source_bytes,
    revision: policyRevision(agent),
  };
}

export function allowsType(policy: AgentPolicy | null, jobType: string): boolean {
  // The list is of the types that are known here; whether one is among them is what is asked.
  return policy?.job_types === undefined || (policy.job_types as readonly string[]).includes(jobType);
}

/** Of jobs by what they need; those that need nothing are invalid, and somebody has to say so. */
export function allowsNeeds(policy: AgentPolicy | null, needs: readonly string[]): boolean {
  return needs.every((capability) => {
    // Of a capability that is none of ours there is none.
    const type = JOB_TYPE_OF[capability as CapabilityName] as string | undefined;
    return type === undefined || allowsType(policy, type);
  });
}

/** By the first part of the path, which is the name of its media root. */
export function allowsSource(policy: AgentPolicy | null, sourcePath: string): boolean {
  return policy?.roots === undefined || policy.roots.includes(sourcePath.split('/', 1)[0] ?? '');
}
