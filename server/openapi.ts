import { z } from 'zod';
import { API_BASE, ErrorBody } from '../shared/wire.ts';
import { ROUTES } from './routes/table.ts';
import type { Route, Status } from './routes/route.ts';

type Json = { readonly [key: string]: unknown };

const MEANING: Record<Status, string> = {
  200: 'Done',
  206: 'The range asked for',
  304: 'Not changed since',
  307: 'The store has it, under an address that is good for minutes and needs no token',
  400: 'Not well-formed',
  401: 'No token, or one that is not known',
  403: 'The token is of the wrong scope, or the agent is not registered',
  404: 'There is no such thing',
  409: 'STATE_CONFLICT: not in this state',
  410: 'PURGED, or an upload that has expired',
  413: 'Larger than the server allows',
  415: 'Another content type than this call takes',
  416: 'The range is not within the file',
  422: 'VALIDATION_FAILED: `details` names the fields',
  423: 'LOCK_REQUIRED or LOCK_INVALID: not with this token',
  429: 'RATE_LIMITED: this agent calls too often, or has too much under way; `Retry-After` says when it may again',
  503: 'TEMPORARY_UNAVAILABLE: try again later; with `details.reason` `disk_full`, running jobs are still served',
};

/** The protocol as an OpenAPI 3.1 document, generated from the route table and the wire's schemas. */
export function openApiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of ROUTES) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'RushCatalog agent protocol',
      version: '1.0.0',
      description: 'Generated from the schemas of the RushCatalog Agent; do not edit.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: API_BASE }],
    paths,
    components: {
      schemas: { Error: schemaOf(ErrorBody) },
      securitySchemes: {
        agent: { type: 'http', scheme: 'bearer', description: 'The token of agents' },
        operator: { type: 'http', scheme: 'bearer', description: 'The token of people and tools' },
      },
    },
  };
}

function operation(route: Route): Json {
  const parameters = parametersOf(route);
  const body = requestBody(route);
  return {
    operationId: route.operationId,
    summary: route.summary,
    security: security(route),
    ...(route.scope === 'operator' ? { 'x-required-role': route.role ?? 'admin' } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: responses(route),
  };
}

function security(route: Route): readonly Json[] {
  switch (route.scope) {
    case 'agent':
      return [{ agent: [] }];
    case 'operator':
      return [{ operator: [] }];
    case 'any':
      return [{ agent: [] }, { operator: [] }];
    case 'none':
      return [];
  }
}

const PLAIN = new Set(['ref', 'upload_id', 'name']);

function parametersOf(route: Route): readonly Json[] {
  const text = { type: 'string' };
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: PLAIN.has(name) ? text : { type: 'string', format: 'uuid' },
  }));
  const query = route.query instanceof z.ZodObject ? Object.entries<z.ZodType>(route.query.shape) : [];
  const inQuery = query.map(([name, schema]) => ({ name, in: 'query', required: false, schema: querySchema(schema) }));
  const headers: Json[] = [];
  if (route.agent !== 'none') {
    headers.push({ name: 'X-Agent-Id', in: 'header', required: true, schema: { type: 'string', format: 'uuid' } });
  }
  if (route.idempotent === true) {
    headers.push({ name: 'Idempotency-Key', in: 'header', required: false, schema: { ...text, maxLength: 64 } });
  }
  if (route.content === 'multipart') {
    const schema = { ...text, pattern: '^[0-9a-f]{64}$' };
    headers.push({ name: 'X-Part-Sha256', in: 'header', required: false, schema });
  }
  if (route.content === 'file') headers.push({ name: 'Range', in: 'header', required: false, schema: text });
  return [...inPath, ...inQuery, ...headers];
}

function requestBody(route: Route): Json | undefined {
  if (route.content === 'multipart')
    return { required: true, content: { 'multipart/form-data': { schema: PART_FORM } } };
  if (route.body === undefined) return undefined;
  return { required: true, content: { 'application/json': { schema: schemaOf(route.body) } } };
}

const PART_FORM: Json = {
  type: 'object',
  properties: {
    upload_id: { type: 'string' },
    lock_token: { type: 'string' },
    part_number: { type: 'integer', minimum: 1, maximum: 10_000 },
    chunk: { type: 'string', contentMediaType: 'application/octet-stream' },
  },
  required: ['upload_id', 'lock_token', 'part_number', 'chunk'],
};

function responses(route: Route): Json {
  const error = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
  const file = { '*/*': { schema: { type: 'string', contentMediaType: 'application/octet-stream' } } };
  const good = route.answer === undefined ? file : { 'application/json': { schema: schemaOf(route.answer) } };
  const entries = statusesOf(route).map((status) => {
    if (status === 304 || status === 307) return [status, { description: MEANING[status] }] as const;
    return [status, { description: MEANING[status], content: status < 300 ? good : error }] as const;
  });
  return Object.fromEntries(entries);
}

/** What the route lists, and what follows from its shape. */
function statusesOf(route: Route): readonly Status[] {
  const all = new Set<Status>([200, 503, ...route.statuses]);
  if (route.scope !== 'none') all.add(401);
  if (route.scope !== 'operator' && route.scope !== 'none' && route.vital !== true) all.add(429);
  if (route.scope === 'agent' || route.scope === 'operator') all.add(403);
  if (route.body !== undefined) for (const status of [400, 413, 415] as const) all.add(status);
  if (route.content === 'multipart') for (const status of [400, 413, 415] as const) all.add(status);
  return [...all].sort((left, right) => left - right);
}

/** `input`: what may stand on the wire, before absent and null are made one. */
function schemaOf(schema: z.ZodType): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

/** Query values are text that is coerced; the document names what they are coerced to. */
function querySchema(schema: z.ZodType): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
  return rest;
}
