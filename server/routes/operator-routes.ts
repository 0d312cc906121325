import { Readable } from 'node:stream';
import { z } from 'zod';
import {
  AgentEntry,
  Asset,
  CreateAssetRequest,
  CreateJobRequest,
  DerivedEntry,
  EnrollAnswer,
  EnrollRequest,
  ImportAnswer,
  ImportRequest,
  JobsSummary,
  OperatorJob,
  OperateAnswer,
  OperateRequest,
  PriorityRequest,
  QueueOverview,
} from '../../shared/wire.ts';
import { JOB_STATUSES } from '../../shared/job.ts';
import { createEnrollment, enroll, rotateToken } from '../agents/enroll.ts';
import { listAgents } from '../agents/known-agents.ts';
import { assetOr404, createAsset, listAssets, wireAsset } from '../assets/assets.ts';
import { listDerived } from '../assets/derived.ts';
import { iso } from '../context.ts';
import { createJob, importFiles } from '../jobs/create-job.ts';
import { jobWithResult, seenJob } from '../jobs/job-row.ts';
import { expireLeases } from '../jobs/expire-leases.ts';
import { allJobs, jobsSummary } from '../jobs/list-jobs.ts';
import { operateJobs } from '../jobs/operate-many.ts';
import { queueOverview } from '../jobs/queue-overview.ts';
import { cancelJob, retryJob, setPriority } from '../jobs/operate.ts';
import { readLedger } from '../ledger/ledger.ts';
import { orNotFound } from '../problem.ts';
import { sendDerived } from './send-derived.ts';
import { EnrollmentAnswer, LedgerEntryShape, LedgerQuery, pageOf, PageQuery } from './shapes.ts';
import { route, type Route } from './route.ts';

const operator = { scope: 'operator', agent: 'none' } as const;

const ASSET_ROUTES: readonly Route[] = [
  route({
    ...operator,
    method: 'POST',
    path: '/assets',
    operationId: 'createAsset',
    grows: true,
    summary: 'Makes an asset of a source path; the same path is always the same asset.',
    body: CreateAssetRequest,
    answer: Asset,
    statuses: [422],
    handle: ({ context, body }) => createAsset(context, body),
  }),
  route({
    ...operator,
    method: 'GET',
    path: '/assets',
    operationId: 'listAssets',
    summary: 'Assets in order of creation.',
    query: PageQuery,
    answer: pageOf(Asset),
    statuses: [422],
    handle: ({ context, query }) => listAssets(context, query),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/assets/import',
    operationId: 'importFiles',
    grows: true,
    idempotent: true,
    summary: 'Makes assets of many source paths with their jobs, all or none; once for each Idempotency-Key.',
    body: ImportRequest,
    answer: ImportAnswer,
    statuses: [422],
    handle: ({ context, body, identity }) => importFiles(context, body, identity),
  }),
  route({
    ...operator,
    method: 'GET',
    path: '/assets/:uuid',
    operationId: 'getAsset',
    summary: 'One asset.',
    answer: Asset,
    statuses: [404],
    handle: async ({ context, params }) => wireAsset(await assetOr404(context.database, params['uuid'] ?? '')),
  }),
  route({
    ...operator,
    method: 'GET',
    path: '/assets/:uuid/derived',
    operationId: 'listDerived',
    summary: 'The derived files of accepted results.',
    query: PageQuery,
    answer: pageOf(DerivedEntry),
    statuses: [404, 422],
    handle: ({ context, params, query }) => listDerived(context.database, params['uuid'] ?? '', query),
  }),
  route({
    ...operator,
    method: 'GET',
    path: '/assets/:uuid/derived/:ref',
    operationId: 'readDerived',
    summary: 'The file itself, whole or a range of it; HEAD answers its headers.',
    statuses: [206, 304, 404, 410, 416],
    content: 'file',
    handle: ({ context, params, request, reply }) => sendDerived(context, params, request, reply),
  }),
];

const JOB_ROUTES: readonly Route[] = [
  route({
    ...operator,
    method: 'POST',
    path: '/jobs',
    operationId: 'createJob',
    grows: true,
    summary: 'Makes a job of one of the four types for an asset.',
    body: CreateJobRequest,
    answer: OperatorJob,
    statuses: [410, 422],
    handle: ({ context, body }) => createJob(context, body),
  }),
  route({
    ...operator,
    method: 'GET',
    path: '/jobs/all',
    operationId: 'listJobs',
    summary:
      'Every job without its result, newest first or as they start; `search` is a part of the source path, whatever its case and accents.',
    query: PageQuery.extend({
      status: z.enum(JOB_STATUSES).optional(),
      job_type: z.string().min(1).optional(),
      search: z.string().min(1).max(200).optional(),
      held: z
        .enum(['true', 'false'])
        .transform((value) => value === 'true')
        .optional(),
      order: z.enum(['newest', 'queue']).default('newest'),
    }),
    answer: pageOf(OperatorJob).extend({ total: z.int().min(0).optional() }),
    statuses: [422],
    handle: ({ context, query }) => allJobs(context, query),
  }),
  route({
    ...operator,
    method: 'GET',
    path: '/jobs/queue',
    operationId: 'queueOverview',
    summary: 'What still has to be done: files and jobs, and what was added at once.',
    answer: QueueOverview,
    statuses: [],
    handle: ({ context }) => queueOverview(context),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/jobs/operate',
    operationId: 'operateJobs',
    summary: 'One operation on many pending jobs; those that are not pending any more are left as they are.',
    body: OperateRequest,
    answer: OperateAnswer,
    statuses: [422],
    handle: ({ context, body }) => operateJobs(context, body),
  }),
  route({
    method: 'GET',
    path: '/jobs/summary',
    operationId: 'jobsSummary',
    summary: 'Counts by status, and pending jobs by the capability that nobody here declares.',
    scope: 'any',
    agent: 'none',
    answer: JobsSummary,
    statuses: [],
    handle: ({ context }) => jobsSummary(context),
  }),
  route({
    ...operator,
    method: 'GET',
    path: '/jobs/:id',
    operationId: 'getJob',
    summary: 'One job with its history and its result.',
    answer: OperatorJob,
    statuses: [404],
    handle: async ({ context, params, reply }) => {
      await expireLeases(context);
      reply.type('application/json; charset=utf-8');
      const job = orNotFound(await seenJob(context.database, params['id'] ?? ''), 'job');
      return Readable.from(await jobWithResult(context, job));
    },
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/jobs/:id/cancel',
    operationId: 'cancelJob',
    summary: 'Ends a pending job, asks the agent of a claimed one to stop.',
    answer: OperatorJob,
    statuses: [404, 409],
    handle: ({ context, params }) => cancelJob(context, params['id'] ?? ''),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/jobs/:id/retry',
    operationId: 'retryJob',
    summary: 'Offers an ended job again, with all its attempts.',
    answer: OperatorJob,
    statuses: [404, 409],
    handle: ({ context, params }) => retryJob(context, params['id'] ?? ''),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/jobs/:id/priority',
    operationId: 'setPriority',
    summary: 'Higher runs earlier.',
    body: PriorityRequest,
    answer: OperatorJob,
    statuses: [404, 409, 422],
    handle: ({ context, params, body }) => setPriority(context, params['id'] ?? '', body.priority),
  }),
];

const PEOPLE_ROUTES: readonly Route[] = [
  route({
    ...operator,
    method: 'GET',
    path: '/agents',
    operationId: 'listAgents',
    summary: 'Every agent that registered.',
    query: PageQuery,
    answer: pageOf(AgentEntry),
    statuses: [422],
    handle: ({ context, query }) => listAgents(context, query),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/agents/enrollments',
    operationId: 'createEnrollment',
    summary: 'Makes a one-time token for a new agent, good for 24 hours.',
    answer: EnrollmentAnswer,
    statuses: [],
    handle: ({ context }) => createEnrollment(context),
  }),
  route({
    method: 'POST',
    path: '/agents/enroll',
    operationId: 'enrollAgent',
    summary:
      'Exchanges a one-time token for the bearer of one installation; a repeat with the same key is answered the same one, and the bearer before is good until the new one is used.',
    scope: 'none',
    idempotent: true,
    agent: 'none',
    body: EnrollRequest,
    answer: EnrollAnswer,
    statuses: [401, 422],
    handle: async ({ context, body, identity }) => ({ token: await enroll(context, body, identity.key) }),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/agents/:id/rotate',
    operationId: 'rotateToken',
    summary: 'Gives an agent a new bearer; the one it had is refused from now on.',
    answer: EnrollAnswer,
    statuses: [404],
    handle: async ({ context, params }) => ({ token: await rotateToken(context, params['id'] ?? '') }),
  }),
  route({
    ...operator,
    method: 'GET',
    path: '/ledger',
    operationId: 'readLedger',
    summary: 'Accepted writes, oldest first.',
    query: LedgerQuery,
    answer: pageOf(LedgerEntryShape),
    statuses: [422],
    handle: async ({ context, query }) => ledgerPage(context, query),
  }),
];

async function ledgerPage(
  context: Parameters<typeof createEnrollment>[0],
  query: z.output<typeof LedgerQuery>,
): Promise<z.input<ReturnType<typeof pageOf<typeof LedgerEntryShape>>>> {
  const { job_id, agent_id, event, cursor, limit } = query;
  const filter = { jobId: job_id, agentId: agent_id, event, after: cursor, limit: limit + 1 };
  const entries = await readLedger(context.database, filter);
  const page = entries.slice(0, limit);
  const items = page.map((entry) => ({
    sequence: entry.sequence,
    at: iso(entry.at),
    event: entry.event,
    agent_id: entry.agentId ?? undefined,
    job_id: entry.jobId ?? undefined,
    lock_hash: entry.lockHash ?? undefined,
    detail: entry.detail,
  }));
  return entries.length > limit ? { items, next_cursor: String(page.at(-1)?.sequence ?? 0) } : { items };
}

/** What people and tools call (protocol.md, "Calls of people and tools"). */
export const OPERATOR_ROUTES: readonly Route[] = [...ASSET_ROUTES, ...JOB_ROUTES, ...PEOPLE_ROUTES];
