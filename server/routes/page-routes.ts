import { z } from 'zod';
import {
  FailedJob,
  FailureCauses,
  GridPage,
  PageAgents,
  PageCaller,
  PageJob,
  PageState,
  PauseAgentRequest,
  PurgeAnswer,
  PurgeRequest,
  RetryCauseAnswer,
  RetryCauseRequest,
  SignInAnswer,
  SignInRequest,
} from '../../shared/wire-page.ts';
import { AgentPolicy } from '../../shared/wire-agent-policy.ts';
import { HealthStates } from '../../shared/wire-health.ts';
import { pauseAgent, resumeAgent, revokeAgent, setAgentPolicy } from '../agents/orders.ts';
import { beginPageSession } from '../auth/page-sessions.ts';
import { healthStates } from '../health/health.ts';
import { purgeAssets } from '../jobs/purge.ts';
import { retryCause } from '../jobs/retry-cause.ts';
import { takeBackAll } from '../jobs/operate.ts';
import { pageAgents } from '../page/agents.ts';
import { failedJobs, failureCauses } from '../page/failures.ts';
import { assetGrid } from '../page/grid.ts';
import { pageJob } from '../page/job.ts';
import { pageState } from '../page/state.ts';
import { admin, operator, route, viewer, type Route } from './route.ts';
import { nothing, pageOf, PageQuery } from './shapes.ts';

const GridQuery = PageQuery.extend({ search: z.string().min(1).max(200).optional() });
const FailedQuery = PageQuery.extend({ cause: z.string().min(1).max(400) });

/** What the server's own page asks, and tools may: who signs in, the whole at a glance, and acts on many. */
export const PAGE_ROUTES: readonly Route[] = [
  route({
    method: 'POST',
    path: '/page/session',
    operationId: 'signIn',
    summary:
      'Exchanges an operator’s name and token for a session of the page at this origin; 403 from anywhere else. Such a session is the bearer of its calls for half a day at most, and ends with the token.',
    scope: 'none',
    agent: 'none',
    body: SignInRequest,
    answer: SignInAnswer,
    statuses: [401, 403, 422],
    handle: ({ context, shared, request, body, reply }) => {
      reply.header('cache-control', 'no-store');
      return beginPageSession(context, shared, request, body);
    },
  }),
  route({
    ...viewer,
    method: 'GET',
    path: '/page/caller',
    operationId: 'whoAmI',
    summary: 'The operator who calls.',
    answer: PageCaller,
    statuses: [],
    handle: async ({ by, caller }) => ({ name: by, role: caller.scope === 'operator' ? caller.role : 'viewer' }),
  }),
  route({
    ...viewer,
    method: 'GET',
    path: '/page/state',
    operationId: 'pageState',
    summary: 'The whole at a glance: jobs by state, what waits by its reason with the oldest of each, batches, agents.',
    answer: PageState,
    statuses: [],
    handle: ({ context }) => pageState(context),
  }),
  route({
    ...viewer,
    method: 'GET',
    path: '/health-states',
    operationId: 'healthStates',
    summary:
      'What is not as it should be: agents that are lost, jobs that nobody can do, shares that are away; each once it has lasted, and none that follows from another.',
    answer: HealthStates,
    statuses: [],
    handle: ({ context }) => healthStates(context),
  }),
  route({
    ...viewer,
    method: 'GET',
    path: '/page/agents',
    operationId: 'pageAgents',
    summary: 'Every agent with what it runs, and why it does nothing.',
    answer: PageAgents,
    statuses: [],
    handle: ({ context }) => pageAgents(context),
  }),
  route({
    ...viewer,
    method: 'GET',
    path: '/page/assets',
    operationId: 'assetGrid',
    summary: 'Files with the state of their newest job of each type, in the order of their paths.',
    query: GridQuery,
    answer: GridPage,
    statuses: [422],
    handle: ({ context, query }) => assetGrid(context, query),
  }),
  route({
    ...viewer,
    method: 'GET',
    path: '/page/jobs/:id',
    operationId: 'pageJob',
    summary: 'One job with its file, its derived files and its lines of the ledger, without its result.',
    answer: PageJob,
    statuses: [404],
    handle: ({ context, params }) => pageJob(context, params['id'] ?? ''),
  }),
  route({
    ...viewer,
    method: 'GET',
    path: '/failures',
    operationId: 'failureCauses',
    summary: 'What failed for good, by cause over all agents, those with most jobs first.',
    answer: FailureCauses,
    statuses: [],
    handle: ({ context }) => failureCauses(context),
  }),
  route({
    ...viewer,
    method: 'GET',
    path: '/failures/jobs',
    operationId: 'failedJobs',
    summary: 'The failed jobs of one cause, newest first.',
    query: FailedQuery,
    answer: pageOf(FailedJob),
    statuses: [422],
    handle: ({ context, query }) => failedJobs(context, query),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/failures/retry',
    operationId: 'retryCause',
    summary: 'Offers failed jobs of one cause again, some hundreds at a time; `more` says that there are others.',
    body: RetryCauseRequest,
    answer: RetryCauseAnswer,
    statuses: [422],
    handle: ({ context, body, by }) => retryCause(context, body, by),
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/assets/purge',
    operationId: 'purgeAssets',
    summary: 'Removes for good what was made of these files, and ends their jobs; sources are not touched.',
    body: PurgeRequest,
    answer: PurgeAnswer,
    statuses: [422],
    handle: ({ context, body, by }) => purgeAssets(context, body.asset_uuids, by),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/agents/:id/pause',
    operationId: 'pauseAgent',
    summary: 'The agent finishes what it has and is offered nothing new, until an end or until it is resumed.',
    body: PauseAgentRequest,
    answer: nothing,
    statuses: [404, 409, 422],
    handle: ({ context, params, body, by }) => pauseAgent(context, params['id'] ?? '', body, by),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/agents/:id/resume',
    operationId: 'resumeAgent',
    summary: 'The agent is offered work again.',
    answer: nothing,
    statuses: [404, 409],
    handle: ({ context, params, by }) => resumeAgent(context, params['id'] ?? '', by),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/agents/:id/policy',
    operationId: 'setAgentPolicy',
    summary:
      'Says which work the agent may take, and when, in place of what was said before; an empty object ends it. What it has it finishes.',
    body: AgentPolicy,
    answer: nothing,
    statuses: [404, 409, 422],
    handle: ({ context, params, body, by }) => setAgentPolicy(context, params['id'] ?? '', body, by),
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/agents/:id/revoke',
    operationId: 'revokeAgent',
    summary: 'Lets the agent in no more until it enrols anew; what it holds is taken back at once.',
    answer: nothing,
    statuses: [404, 409],
    handle: async ({ context, params, by }) => {
      await takeBackAll(context, await revokeAgent(context, params['id'] ?? '', by), by);
      return {};
    },
  }),
];
