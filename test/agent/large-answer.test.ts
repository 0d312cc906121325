import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGzip } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClient } from '../../electron/agent/server/client.ts';
import { enrol } from '../../electron/agent/server/enrolment.ts';
import { createOperatorClient } from '../../electron/compose/operator/operator-client.ts';
import { first } from '../support/first.ts';

/**
 * Of spaces, a thousandth of it on the wire: so many that no buffers of sockets hold half of them, however far behind a
 * busy reader is.
 */
const MEGABYTES = 65_536;

const JOB = {
  job_id: '00000000-0000-4000-8000-000000000001',
  job_type: 'generate_thumbnails',
  status: 'pending',
  asset_uuid: '00000000-0000-4000-8000-000000000002',
  required_capabilities: [],
  inputs: {},
  expected_outputs: [],
  invariants: [],
  attempts: 0,
  max_attempts: 3,
  created_at: '2026-03-01T12:00:00.000Z',
  updated_at: '2026-03-01T12:00:00.000Z',
};

let server: Server;
let url: string;
let status: number;
let sent: number;
beforeEach(async () => {
  sent = 0;
  status = 200;
  server = createServer((_request, response) => {
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'retry-after': '7',
    });
    const gzip = createGzip();
    gzip.pipe(response);
    gzip.write('{"items":[], "more": "');
    const spaces = Buffer.alloc(1 << 20, 0x20);
    const more = (): void => {
      while (sent < MEGABYTES && !response.destroyed) {
        sent += 1;
        if (!gzip.write(spaces)) return void gzip.once('drain', more);
      }
      gzip.end('"}');
    };
    more();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('an answer that grows beyond any of the protocol is not read to its end', () => {
  afterEach(() => expect(sent).toBeLessThan(MEGABYTES / 2));

  it.each([
    [200, 'malformed', 'jobs: an answer of more than 16 MB'],
    [401, '401', 'jobs: 401'],
    [404, '404', 'jobs: 404'],
    [429, '429', 'jobs: 429'],
    [503, '5xx', 'jobs: 503'],
  ])('with %d, whose head counts all the same: %s', async (code, answer, summary) => {
    status = code;
    const client = createClient({ serverUrl: url, fetch, credentials: () => ({ token: 't' }), monotonic: () => 0 });
    expect(await client.jobs()).toMatchObject({ status: code, answer, summary, retryAfterMs: 7_000 });
  });

  it.each([
    [200, { kind: 'later', refusal: { code: 'NOT_A_RUSHCATALOG_SERVER' } }],
    [401, { kind: 'refused', refusal: { code: 'ENROLMENT_REFUSED' } }],
    [503, { kind: 'later', refusal: { code: 'NOT_A_RUSHCATALOG_SERVER' } }],
  ])('when a machine enrols: %d', async (code, expected) => {
    status = code;
    const installation = { id: '00000000-0000-4000-8000-000000000000', secret: 's' };
    expect(await enrol(fetch, { serverUrl: url, oneTimeToken: 'o', installation })).toMatchObject(expected);
  });

  first(1).each([200, 500])('of the embedded server: %d', async (code) => {
    status = code;
    await expect(createOperatorClient(url, 't').jobs()).rejects.toThrow(/an answer of more than/);
  });
});

it('an enrolment whose answer breaks off is unanswered, and may be tried again', async () => {
  server.removeAllListeners('request');
  server.on('request', (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"token":');
    setTimeout(() => response.destroy(), 50);
  });
  const installation = { id: '00000000-0000-4000-8000-000000000000', secret: 's' };
  const answer = await enrol(fetch, { serverUrl: url, oneTimeToken: 'o', installation });
  expect(answer).toMatchObject({ kind: 'later', refusal: { code: 'SERVER_UNREACHABLE' } });
});

describe('lists of the embedded server that go on without going on', () => {
  let asked: number;
  const page = (body: unknown): void => {
    asked = 0;
    server.removeAllListeners('request');
    server.on('request', (_request, response) => {
      asked += 1;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  };

  it.each([
    ['without jobs', [], 1],
    ['with the same jobs again', [JOB], 2],
  ])('jobs: a cursor %s', async (_what, items, calls) => {
    page({ items, next_cursor: 'on' });
    await expect(createOperatorClient(url, 't').jobs()).rejects.toThrow(/without an end/);
    expect(asked).toBe(calls);
  });

  it.each([
    ['no entries', []],
    ['the same entries again', [{ sequence: 3, event: 'jobCreated' }]],
  ])('the ledger: a cursor with %s', async (_what, items) => {
    page({ items, next_cursor: 'on' });
    await expect(createOperatorClient(url, 't').changes(0)).rejects.toThrow(/without an end/);
    expect(asked).toBe(items.length + 1);
  });
});
