import multipart from '@fastify/multipart';
import fastify, { type FastifyInstance } from 'fastify';
import { API_BASE } from '../shared/wire.ts';
import { isOfOwnPage } from '../web/own-page.ts';
import { serveFiles } from '../web/serve-files.ts';
import type { StaticFile } from '../web/static-files.ts';
import type { SharedTokens } from './auth/authenticate.ts';
import { closeIdleBeyond, maxConnections } from './connections.ts';
import type { Context } from './context.ts';
import { forbidden } from './problem.ts';
import { openApiDocument } from './openapi.ts';
import type { Metrics } from './operate/metrics.ts';
import { serveProbes } from './operate/probes.ts';
import { requestIdOf } from './request-id.ts';
import { answerClientError, answerErrors, answerUnrouted } from './routes/errors.ts';
import type { Certificate } from './tls.ts';
import { callLimit } from './routes/rate-limit.ts';
import { serve } from './routes/serve.ts';
import { ROUTES } from './routes/table.ts';

/** A request that takes longer than this is given up; 8 MiB pass even at 0.3 Mbit/s. */
const REQUEST_TIMEOUT_MS = 300_000;
/** The head of a request has a few hundred bytes. */
const HEADERS_TIMEOUT_MS = 20_000;

/** Who looks at a server from outside. */
export interface Watchers {
  /** Null: `/metrics` is no call of this server. */
  readonly metrics: Metrics | null;
  /** sha256 of a bearer that may read the metrics and nothing else; null: there is none. */
  readonly metricsHash: string | null;
  /** Every connection comes from a proxy, and so says nothing of who asks. */
  readonly behindProxy: boolean;
  /** A line in the log for each call. */
  readonly accessLog: boolean;
}

const NOBODY: Watchers = { metrics: null, metricsHash: null, behindProxy: false, accessLog: false };

const COMMON = {
  logger: false,
  exposeHeadRoutes: false,
  requestTimeout: REQUEST_TIMEOUT_MS,
  frameworkErrors: answerUnrouted,
  clientErrorHandler: answerClientError,
  routerOptions: { maxParamLength: 200 },
  genReqId: requestIdOf,
} as const;
const TIMES = { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: HEADERS_TIMEOUT_MS / 2 };

function emptyApp(certificate: Certificate | null): FastifyInstance {
  if (certificate === null) return fastify({ ...COMMON, http: TIMES });
  const { cert, key } = certificate;
  const secure = { ...TIMES, handshakeTimeout: HEADERS_TIMEOUT_MS, cert, key };
  // What it does over TLS is the same; only the type of its server tells them apart.
  return fastify({ ...COMMON, https: secure }) as unknown as FastifyInstance;
}

/** The calls over a context, and a page for people, not listening yet; with a certificate over TLS. */
export async function buildApp(
  context: Context,
  shared: SharedTokens,
  watchers: Watchers = NOBODY,
  certificate: Certificate | null = null,
  page: ReadonlyMap<string, StaticFile> | null = null,
): Promise<FastifyInstance> {
  const app = emptyApp(certificate);
  closeIdleBeyond(app.server, maxConnections());
  app.removeAllContentTypeParsers();
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // A client that always names JSON may send nothing: claim and cancel have no body.
    if (body === '') done(null, undefined);
    else parseJson(request, String(body), done);
  });
  await app.register(multipart, { throwFileSizeLimit: false });
  answerErrors(app, context.log);
  app.addHook('onSend', async (request, reply) => {
    // Clients measure a lease as locked_until minus Date: both are the wall clock's, whatever it says.
    reply.header('date', new Date(context.clock()).toUTCString());
    reply.header('x-request-id', request.id);
  });
  watchCalls(app, context, watchers);
  const limit = await callLimit(app, context.settings.agentCallsPerMinute);
  for (const route of ROUTES) serve(app, context, { shared, limit }, route);
  app.get(`${API_BASE}/openapi.json`, async () => openApiDocument());
  serveProbes(app, context, shared, watchers);
  if (page !== null) servePage(app, shared, page);
  return app;
}

function servePage(app: FastifyInstance, { page }: SharedTokens, files: ReadonlyMap<string, StaticFile>): void {
  app.register(async (inside) => {
    inside.addHook('onRequest', async (request) => {
      if (page === null || !isOfOwnPage(request, page.place)) throw forbidden('This address is not for other pages.');
    });
    serveFiles(inside, files);
  });
}

/** After each answer: its time and status, by the template of the call. */
function watchCalls(app: FastifyInstance, { log }: Context, { metrics, accessLog }: Watchers): void {
  if (metrics === null && !accessLog) return;
  app.addHook('onResponse', async (request, reply) => {
    const { method, id, headers, routeOptions } = request;
    const { statusCode: status, elapsedTime } = reply;
    metrics?.answered({ method, route: routeOptions.url, status, seconds: elapsedTime / 1_000 });
    if (!accessLog) return;
    const call = { request_id: id, method, path: request.url.split('?')[0], status, ms: Math.round(elapsedTime) };
    log.info({ ...call, agent_id: headers['x-agent-id'] }, 'answered');
  });
}
