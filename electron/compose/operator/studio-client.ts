import { z } from 'zod';
import type { AgentPolicy } from '../../../shared/wire-agent-policy.ts';
import { OperatorJob, OperatorJobPage } from '../../../shared/wire.ts';
import {
  FailureCauses,
  PageAgents,
  PageJob,
  PageState,
  RetryCauseAnswer,
  type FailureCause,
  type PageAgent,
  type WaitGroup,
} from '../../../shared/wire-page.ts';
import { HealthStates, type HealthState } from '../../../shared/wire-health.ts';
import { adminCalls, adminQuestions } from './admin-calls.ts';

export type { AgentPolicy, FailureCause, HealthState, OperatorJob, PageAgent, PageJob, WaitGroup };

/** What an operator asks a running server about jobs and agents. Each throws RefusedError where it is refused. */
export interface StudioClient {
  /** A page of jobs, newest first or as they start. */
  jobs(wanted: JobsWanted): Promise<OperatorJobPage>;
  job(jobId: string): Promise<PageJob>;
  /** What waits, by its reason, among the rest. */
  state(): Promise<PageState>;
  /** What is not as it should be. */
  health(): Promise<HealthStates>;
  failures(): Promise<FailureCauses>;
  retry(jobId: string, elsewhereFirst: boolean): Promise<OperatorJob>;
  /** Answers how many jobs of this cause wait again. */
  retryCause(cause: string, elsewhereFirst: boolean): Promise<number>;
  cancel(jobId: string): Promise<OperatorJob>;
  takeBack(jobId: string): Promise<OperatorJob>;
  setPriority(jobId: string, priority: number): Promise<OperatorJob>;
  agents(): Promise<PageAgents>;
  pause(agentId: string, how: { readonly note: string; readonly until?: string }): Promise<void>;
  resume(agentId: string): Promise<void>;
  /** In place of what was said before; an empty policy ends it. */
  setPolicy(agentId: string, policy: AgentPolicy): Promise<void>;
  revoke(agentId: string): Promise<void>;
}

interface JobsWanted {
  readonly status?: string | undefined;
  readonly search?: string | undefined;
  readonly order: 'newest' | 'queue';
  readonly limit: number;
}

const TIMEOUT_MS = 60_000;
/** A page of two hundred jobs, and what one of them can hold. */
const MAX_ANSWER_BYTES = 16 << 20;

const NEXT_STEPS: Readonly<Record<number, string>> = {
  401: 'Name the token of an operator: --token-file FILE, or the data folder of the server: --data DIR.',
  403: 'Name the token of somebody who may do this: --token-file FILE.',
  404: 'Look what there is: rushcatalog-agent jobs list, rushcatalog-agent agents list.',
  409: 'Look how it is now: rushcatalog-agent jobs why JOB, rushcatalog-agent agents list.',
};

/** `send`: a `fetch` that knows how to reach the server. `token`: an operator's. */
export function createStudioClient(send: typeof fetch, serverUrl: string, token: string): StudioClient {
  const call = adminCalls(send, serverUrl, token, NEXT_STEPS);
  const ask = adminQuestions(call, { timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES });
  const act = async (path: string, body: unknown = {}): Promise<void> => void (await ask(z.unknown(), path, body));
  const job = (jobId: string, verb: string): string => `/jobs/${encodeURIComponent(jobId)}/${verb}`;
  const agent = (agentId: string, verb: string): string => `/agents/${encodeURIComponent(agentId)}/${verb}`;
  return {
    jobs(wanted) {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(wanted)) if (value !== undefined) query.set(name, String(value));
      return ask(OperatorJobPage, `/jobs/all?${query}`);
    },
    job: (jobId) => ask(PageJob, `/page/jobs/${encodeURIComponent(jobId)}`),
    state: () => ask(PageState, '/page/state'),
    health: () => ask(HealthStates, '/health-states'),
    failures: () => ask(FailureCauses, '/failures'),
    retry: (jobId, elsewhere_first) => ask(OperatorJob, job(jobId, 'retry'), { elsewhere_first }),
    async retryCause(cause, elsewhere_first) {
      // What fails from now on is nobody's wish: nobody has seen it.
      const { at: until } = await ask(FailureCauses, '/failures');
      let jobs = 0;
      for (;;) {
        const answer = await ask(RetryCauseAnswer, '/failures/retry', { cause, until, elsewhere_first });
        jobs += answer.jobs;
        if (!answer.more) return jobs;
      }
    },
    cancel: (jobId) => ask(OperatorJob, job(jobId, 'cancel'), {}),
    takeBack: (jobId) => ask(OperatorJob, job(jobId, 'take-back'), {}),
    setPriority: (jobId, priority) => ask(OperatorJob, job(jobId, 'priority'), { priority }),
    agents: () => ask(PageAgents, '/page/agents'),
    pause: (agentId, how) => act(agent(agentId, 'pause'), how),
    resume: (agentId) => act(agent(agentId, 'resume')),
    setPolicy: (agentId, policy) => act(agent(agentId, 'policy'), policy),
    revoke: (agentId) => act(agent(agentId, 'revoke')),
  };
}
