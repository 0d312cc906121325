import { Readable } from 'node:stream';
import { z } from 'zod';
import {
  Asset,
  CreateAssetRequest,
  CreateJobRequest,
  DerivedEntry,
  ImportAnswer,
  ImportRequest,
  JobsSummary,
  OperatorJob,
  OperateAnswer,
  OperateRequest,
  PriorityRequest,
  QueueOverview,
  RetryRequest,
} from '../../shared/wire.ts';
import { JOB_STATUSES } from '../../shared/job.ts';
import { assetOr404, createAsset, listAssets, wireAsset } from '../assets/assets.ts';
import { listDerived } from '../assets/derived.ts';
import { createJob, importFiles } from '../jobs/create-job.ts';
import { jobWithResult, seenJob } from '../jobs/job-row.ts';
import { expireLeases } from '../jobs/expire-leases.ts';
import { allJobs, jobsSummary } from '../jobs/list-jobs.ts';
import { operateJobs } from '../jobs/operate-many.ts';
import { queueOverview } from '../jobs/queue-overview.ts';
import { cancelJob, retryJob, setPriority, takeBackJob } from '../jobs/operate.ts';
import { orNotFound } from '../problem.ts';
import { sendDerived } from './send-derived.ts';
import { pageOf, PageQuery } from './shapes.ts';
import { operator, route, viewer, type Route } from './route.ts';

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
    handle: ({ context, body, by }) => createAsset(context, body, by),
  }),
  route({
    ...viewer,
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
    handle: ({ context, body, identity, by }) => importFiles(context, body, identity, by),
  }),
  route({
    ...viewer,
    method: 'GET',
    path: '/assets/:uuid',
    operationId: 'getAsset',
    summary: 'One asset.',
    answer: Asset,
    statuses: [404],
    handle: async ({ context, params }) => wireAsset(await assetOr404(context.database, params['uuid'] ?? '')),
  }),
  route({
    ...viewer,
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
    ...viewer,
    method: 'GET',
    path: '/assets/:uuid/derived/:ref',
    operationId: 'readDerived',
    summary:
      'The file itself, whole or a range of it; HEAD answers its headers. With `direct=true` where it can be had from the store, as soon as it is in one.',
    query: z.object({ direct: z.enum(['true', 'false']).default('false') }),
    statuses: [206, 304, 307, 404, 410, 416],
    content: 'file',
    handle: ({ context, params, query, request, reply }) =>
      sendDerived(context, { ...params, direct: query.direct }, request, reply),
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
    handle: ({ context, body, by }) => createJob(context, body, by),
  }),
  route({
    ...viewer,
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
    ...viewer,
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
    handle: ({ context, body, by }) => operateJobs(context, body, by),
  }),
  route({
    method: 'GET',
    path: '/jobs/summary',
    operationId: 'jobsSummary',
    summary: 'Counts by status, and pending jobs by the capability that nobody here declares.',
    scope: 'any',
    role: 'viewer',
    agent: 'none',
    answer: JobsSummary,
    statuses: [],
    handle: ({ context }) => jobsSummary(context),
  }),
  route({
    ...viewer,
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
    handle: ({ context, params, by }) => cancelJob(context, params['id'] ?? '', by),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/jobs/:id/take-back',
    operationId: 'takeBackJob',
    summary: 'Ends the lease of a claimed job at once; the job waits again, or ends where a cancel was asked for.',
    answer: OperatorJob,
    statuses: [404, 409],
    handle: ({ context, params, by }) => takeBackJob(context, params['id'] ?? '', by),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/jobs/:id/retry',
    operationId: 'retryJob',
    summary: 'Offers an ended job again, with all its attempts.',
    body: RetryRequest,
    answer: OperatorJob,
    statuses: [404, 409, 410, 422],
    handle: ({ context, params, body, by }) => retryJob(context, params['id'] ?? '', body, by),
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
    handle: ({ context, params, body, by }) => setPriority(context, params['id'] ?? '', body.priority, by),
  }),
];

/** What people and tools do with files and jobs (protocol.md, "Calls of people and tools"). */
export const OPERATOR_ROUTES: readonly Route[] = [...ASSET_ROUTES, ...JOB_ROUTES];
