import { existsSync, readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { openApiDocument } from '../../server/openapi.ts';
import { ROUTES } from '../../server/routes/table.ts';
import { send, startRig, type Rig } from './running.ts';

const FILE = new URL('../../docs/openapi.json', import.meta.url);

let rig: Rig | undefined;
afterEach(() => rig?.stop());

/** protocol.md's calls, typed out by hand: the table may have more (one job, the ledger), never fewer. */
const PROTOCOL = [
  'POST /agents/register',
  'GET /jobs',
  'POST /jobs/{id}/claim',
  'POST /jobs/{id}/heartbeat',
  'POST /jobs/{id}/submit',
  'POST /jobs/{id}/fail',
  'POST /assets/{uuid}/derived/upload/init',
  'POST /assets/{uuid}/derived/upload/part',
  'POST /assets/{uuid}/derived/upload/complete',
  'GET /assets/{uuid}/derived/upload/{upload_id}',
  'POST /assets',
  'GET /assets',
  'GET /assets/{uuid}',
  'GET /assets/{uuid}/derived',
  'GET /assets/{uuid}/derived/{ref}',
  'POST /jobs',
  'GET /jobs/all',
  'GET /jobs/summary',
  'POST /jobs/{id}/cancel',
  'POST /jobs/{id}/retry',
  'POST /jobs/{id}/priority',
  'GET /agents',
  'POST /agents/enrollments',
  'POST /agents/enroll',
  'POST /agents/{id}/rotate',
];

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { responses: Record<string, unknown>; operationId: string }>>;
}

test('the document has every call of the protocol, each with its statuses', () => {
  const document = openApiDocument() as unknown as Document;
  expect(document.openapi).toBe('3.1.0');
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(calls).toEqual(expect.arrayContaining(PROTOCOL));
  expect(new Set(ROUTES.map((route) => route.operationId)).size).toBe(ROUTES.length);
  const statuses = (path: string) => Object.keys(document.paths[path]?.['post']?.responses ?? {});
  expect(statuses('/jobs/{id}/submit')).toEqual(expect.arrayContaining(['200', '409', '422', '423']));
  expect(statuses('/assets/{uuid}/derived/upload/init')).toEqual(
    expect.arrayContaining(['409', '410', '413', '422', '423']),
  );
});

test('the server serves it without a token', async () => {
  rig = await startRig();
  const served = await send(rig.server.url, '/openapi.json', {});
  expect(served.body).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
});

test('docs/openapi.json is what the schemas say today', (context) => {
  if (!existsSync(FILE)) context.skip('docs/openapi.json has not been generated');
  expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
});
