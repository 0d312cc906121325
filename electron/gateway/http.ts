import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Refusal } from '../../shared/failure.ts';
import { isOfOwnPage, ON_LOOPBACK } from '../../web/own-page.ts';
import { sessionsOf, type PageSessions } from '../../web/page-session.ts';
import { sameSecret } from '../../web/same-secret.ts';
import { SECURITY_HEADERS } from '../../web/security-headers.ts';
import { serveFiles } from '../../web/serve-files.ts';
import { listStaticFiles } from '../../web/static-files.ts';
import { isJson } from '../../web/who-may-call.ts';
import { systemClock } from '../work/clock.ts';
import { readOrCreateToken } from './access-token.ts';
import type { AgentPort, GatewayLog } from './agent-port.ts';
import { derivedResponse } from './derived.ts';
import { createDispatch } from './dispatch.ts';
import { refusedToPages } from './page-rights.ts';
import { streamUpdates } from './watch-stream.ts';
import { WebViewError } from './web-view-error.ts';

interface WebViewOptions {
  readonly agent: AgentPort;
  /** Folder of the built page. */
  readonly staticDir: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Holds the 256-bit access token; made 0600 when it does not exist. */
  readonly tokenFile: string;
  readonly log: GatewayLog;
}

export interface WebView {
  /** For a person: opens the page and carries the token in the fragment, which no browser sends or logs. */
  readonly url: string;
  /** Without the token: safe to log. */
  readonly origin: string;
  close(): Promise<void>;
}

/** An address, not a name: nothing to resolve, and never reachable from another machine. */
const LOOPBACK = '127.0.0.1';
/** The longest list that a page sends: five thousand paths that a person took out of a card. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Serves the page and the agent's channel on loopback. Throws WebViewError when it cannot start. */
export async function startWebView({ agent, staticDir, port, tokenFile, log }: WebViewOptions): Promise<WebView> {
  const files = await listStaticFiles(staticDir);
  const token = await readOrCreateToken(tokenFile);
  const sessions = sessionsOf(token, systemClock.now);
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1024 },
  });
  const watchers = new Set<() => void>();

  guard(app, log);
  serveSession(app, token, sessions);
  serveDerived(app, agent, log, sessions);
  app.register(async (inside) => {
    inside.addHook('onRequest', async (request, reply) => {
      const { authorization, host } = request.headers;
      if (!sessions.isIn(authorization, host)) return reply.code(401).send(NO_SESSION);
    });
    serveAgent(inside, agent, log, watchers);
  });
  serveFiles(app, files);
  app.addHook('preClose', async () => {
    for (const end of watchers) end();
  });

  const actualPort = await listen(app, port);
  const origin = `http://${LOOPBACK}:${actualPort}`;
  log.info({ origin }, 'The web view is open');
  return { url: `${origin}/#token=${token}`, origin, close: () => app.close() };
}

const NO_SESSION: Refusal = {
  code: 'NO_SESSION',
  message: 'This browser has no session with the agent.',
  nextStep: 'Open the agent’s link: “rushcatalog-agent open” (from a clone: “npm run open”) leads there.',
};
const FORBIDDEN: Refusal = { code: 'FORBIDDEN', message: 'This request does not come from the agent’s own page.' };
const NOT_JSON: Refusal = { code: 'NOT_JSON', message: 'A request’s body must be application/json.' };
const NOT_FOUND: Refusal = { code: 'NOT_FOUND', message: 'There is nothing at this address.' };

/** What holds for every request, before any route: who may call, what answers carry, how errors look. */
function guard(app: FastifyInstance, log: GatewayLog): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (!isOfOwnPage(request, ON_LOOPBACK)) return reply.code(403).send(FORBIDDEN);
    if (request.method !== 'GET' && request.method !== 'HEAD' && !isJson(request.headers['content-type'])) {
      return reply.code(415).send(NOT_JSON);
    }
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(NOT_FOUND));
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ err: error }, 'A request to the web view failed');
    const message = status >= 500 ? 'The agent had an error of its own.' : 'The request could not be read.';
    return reply.code(status).send({ code: status >= 500 ? 'INTERNAL' : 'BAD_REQUEST', message } satisfies Refusal);
  });
}

const SessionRequest = z.object({ token: z.string().max(200) });

function serveSession(app: FastifyInstance, token: string, sessions: PageSessions): void {
  app.post('/session', async (request, reply) => {
    reply.header('cache-control', 'no-store');
    const parsed = SessionRequest.safeParse(request.body);
    if (!parsed.success || !sameSecret(parsed.data.token, token)) return reply.code(401).send(NO_SESSION);
    return reply.send(sessions.begin(request.headers.host ?? ''));
  });
}

function serveAgent(app: FastifyInstance, agent: AgentPort, log: GatewayLog, watchers: Set<() => void>): void {
  const dispatch = createDispatch(agent, log);
  app.post<{ Params: { name: string } }>('/rpc/:name', async (request, reply) => {
    const { name } = request.params;
    const refusal = refusedToPages(name, request.body);
    if (refusal !== null) return reply.code(403).send({ ok: false, refusal });
    const answer = await dispatch(name, request.body);
    reply.header('cache-control', 'no-store');
    if (answer.ok) return reply.send(answer);
    return reply.code(answer.refusal.code === 'INVALID_INPUT' ? 400 : 409).send(answer);
  });
  app.get('/watch', (_request, reply) => {
    reply.hijack();
    const end = streamUpdates(agent, reply.raw, SECURITY_HEADERS);
    watchers.add(end);
    reply.raw.on('close', () => watchers.delete(end));
  });
}

interface DerivedRoute {
  readonly Params: { readonly asset: string; readonly ref: string };
  readonly Querystring: { readonly until?: unknown; readonly grant?: unknown };
}

/** Needs no session: pictures and players send no header, so each address carries its own grant. */
function serveDerived(app: FastifyInstance, agent: AgentPort, log: GatewayLog, sessions: PageSessions): void {
  app.get<DerivedRoute>('/derived/:asset/:ref', async (request, reply) => {
    const { params, query, headers } = request;
    if (!sessions.grants(headers.host, { ...params, until: query.until, grant: query.grant }))
      return reply.code(401).send(NO_SESSION);
    const answer = await derivedResponse(agent, log, { ...params, range: headers.range });
    for (const [name, value] of answer.headers) reply.header(name, value);
    reply.code(answer.status);
    // fetch's ReadableStream and node:stream/web's are one class at run time; only their type declarations differ.
    const body = answer.body as ReadableStream<Uint8Array> | null;
    return body === null ? reply.send() : reply.send(Readable.fromWeb(body));
  });
}

async function listen(app: FastifyInstance, port: number): Promise<number> {
  try {
    await app.listen({ host: LOOPBACK, port });
  } catch (error) {
    await app.close();
    throw cannotListen(port, error);
  }
  // A TCP listener's address is always an AddressInfo.
  return (app.server.address() as AddressInfo).port;
}

function cannotListen(port: number, cause: unknown): WebViewError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const nextStep = 'Choose another port with --web PORT, or leave the number out to take any free one.';
  if (code === 'EADDRINUSE') {
    return new WebViewError({ code: 'PORT_TAKEN', message: `Port ${port} is already in use.`, nextStep }, { cause });
  }
  if (code === 'EACCES') {
    const message = `This account may not open port ${port}.`;
    return new WebViewError({ code: 'PORT_FORBIDDEN', message, nextStep }, { cause });
  }
  return new WebViewError({ code: 'LISTEN_FAILED', message: `Port ${port} cannot be opened.`, nextStep }, { cause });
}
