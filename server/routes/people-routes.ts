import type { z } from 'zod';
import { AddOperatorRequest, OperatorList, OperatorToken, RotateOperatorRequest } from '../../shared/wire-operators.ts';
import { AgentEntry, EnrollAnswer, EnrollRequest } from '../../shared/wire.ts';
import { createEnrollment, enroll, rotateToken } from '../agents/enroll.ts';
import { listAgents } from '../agents/known-agents.ts';
import { iso, type Context } from '../context.ts';
import { readLedger } from '../ledger/ledger.ts';
import { addOperator, listOperators, removeOperator, rotateOperator } from '../operators/operators.ts';
import { EnrollmentAnswer, LedgerEntryShape, LedgerQuery, nothing, pageOf, PageQuery } from './shapes.ts';
import { admin, route, viewer, type Route } from './route.ts';

/** Who may do what: agents, operators, and what they did. */
export const PEOPLE_ROUTES: readonly Route[] = [
  route({
    ...viewer,
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
    ...admin,
    method: 'POST',
    path: '/agents/enrollments',
    operationId: 'createEnrollment',
    summary: 'Makes a one-time token for a new agent, good for 24 hours.',
    answer: EnrollmentAnswer,
    statuses: [],
    handle: ({ context, by }) => createEnrollment(context, by),
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
    ...admin,
    method: 'POST',
    path: '/agents/:id/rotate',
    operationId: 'rotateToken',
    summary: 'Gives an agent a new bearer; the one it had is refused from now on.',
    answer: EnrollAnswer,
    statuses: [404],
    handle: async ({ context, params, by }) => ({ token: await rotateToken(context, params['id'] ?? '', by) }),
  }),
  route({
    ...admin,
    method: 'GET',
    path: '/operators',
    operationId: 'listOperators',
    summary: 'Everybody who has an operator’s token of their own.',
    answer: OperatorList,
    statuses: [],
    handle: ({ context }) => listOperators(context),
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/operators',
    operationId: 'addOperator',
    summary: 'Makes an operator by name and role; the token is answered once.',
    body: AddOperatorRequest,
    answer: OperatorToken,
    statuses: [409, 422],
    handle: ({ context, body, by }) => addOperator(context, body, by),
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/operators/:name/rotate',
    operationId: 'rotateOperator',
    summary: 'Gives an operator a new token; the one they had ends at once, or after an overlap.',
    body: RotateOperatorRequest,
    answer: OperatorToken,
    statuses: [404, 422],
    handle: ({ context, params, body, by }) => rotateOperator(context, params['name'] ?? '', body, by),
  }),
  route({
    ...admin,
    method: 'POST',
    path: '/operators/:name/remove',
    operationId: 'removeOperator',
    summary: 'Ends an operator and their tokens at once.',
    answer: nothing,
    statuses: [404],
    handle: ({ context, params, by }) => removeOperator(context, params['name'] ?? '', by),
  }),
  route({
    ...viewer,
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
  context: Context,
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
    operator: entry.operator ?? undefined,
    detail: entry.detail,
  }));
  return entries.length > limit ? { items, next_cursor: String(page.at(-1)?.sequence ?? 0) } : { items };
}
