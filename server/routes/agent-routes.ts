import { z } from 'zod';
import {
  FailRequest,
  HeartbeatAnswer,
  HeartbeatRequest,
  RegisterAnswer,
  RegisterRequest,
  WireJob,
} from '../../shared/wire.ts';
import { SubmitRequest } from '../../shared/wire-results.ts';
import { register } from '../agents/register.ts';
import { noteAgentStatus } from '../agents/status.ts';
import { claim } from '../jobs/claim.ts';
import { fail } from '../jobs/fail.ts';
import { heartbeat } from '../jobs/heartbeat.ts';
import { offeredJobs } from '../jobs/offers.ts';
import { submit } from '../jobs/submit.ts';
import { nothing, OfferQuery, pageOf } from './shapes.ts';
import { route, type Route } from './route.ts';

/** A transcript of many hours with every word's time stays below this. */
const SUBMIT_BYTES = 64 * 1024 * 1024;

/** What an agent calls for jobs and leases (protocol.md, "Calls of the agent"). */
export const AGENT_ROUTES: readonly Route[] = [
  route({
    method: 'POST',
    path: '/agents/register',
    operationId: 'registerAgent',
    summary: 'Makes an agent known; repeated at the start, after changes and every 10 minutes.',
    scope: 'agent',
    agent: 'none',
    body: RegisterRequest,
    answer: RegisterAnswer,
    statuses: [422],
    handle: ({ context, caller, body }) => register(context, caller, body),
  }),
  route({
    method: 'GET',
    path: '/jobs',
    operationId: 'listOffers',
    summary: 'Pending jobs whose capabilities this agent declared.',
    scope: 'agent',
    agent: 'or404',
    query: OfferQuery,
    answer: pageOf(WireJob).extend({ policy_revision: z.string().optional() }),
    statuses: [404, 422],
    handle: async ({ context, agent, query, request, reply }) => {
      await noteAgentStatus(context, agent, request.headers);
      const page = await offeredJobs(context, agent, query);
      reply.type('application/json; charset=utf-8');
      return page;
    },
  }),
  route({
    method: 'POST',
    path: '/jobs/:id/claim',
    operationId: 'claimJob',
    grows: true,
    summary: 'Takes a job and begins its lease.',
    scope: 'agent',
    agent: 'or403',
    answer: WireJob,
    statuses: [404, 409, 422],
    idempotent: true,
    handle: ({ context, params, identity }) => claim(context, params['id'] ?? '', identity),
  }),
  route({
    method: 'POST',
    path: '/jobs/:id/heartbeat',
    operationId: 'heartbeat',
    vital: true,
    summary: 'Extends the lease; says whether the job should be cancelled.',
    scope: 'agent',
    agent: 'or403',
    body: HeartbeatRequest,
    answer: HeartbeatAnswer,
    statuses: [404, 409, 422, 423],
    locked: true,
    handle: ({ context, params, agent, body }) => heartbeat(context, params['id'] ?? '', agent.agent_id, body),
  }),
  route({
    method: 'POST',
    path: '/jobs/:id/submit',
    operationId: 'submitResult',
    vital: true,
    summary: 'Hands in the result; the files it names were uploaded before.',
    scope: 'agent',
    agent: 'or403',
    body: SubmitRequest,
    answer: nothing,
    statuses: [404, 409, 413, 422, 423],
    locked: true,
    idempotent: true,
    bodyLimit: SUBMIT_BYTES,
    handle: ({ context, params, body, identity }) => submit(context, params['id'] ?? '', body, identity),
  }),
  route({
    method: 'POST',
    path: '/jobs/:id/fail',
    operationId: 'failJob',
    vital: true,
    summary: 'Ends the lease without a result.',
    scope: 'agent',
    agent: 'or403',
    body: FailRequest,
    answer: nothing,
    statuses: [404, 409, 422, 423],
    locked: true,
    idempotent: true,
    handle: ({ context, params, body, identity }) => fail(context, params['id'] ?? '', body, identity),
  }),
];
