import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isDiskFull } from '../../shared/disk-full.ts';
import { databaseFailure } from '../database/failures.ts';
import { StoreAway } from '../derived/store.ts';
import { Problem, temporaryUnavailable, type ProblemCode } from '../problem.ts';
import type { ServerLog } from '../options.ts';

/** Seconds a client should wait when the disk or the database has no room just now. */
const RETRY_AFTER_SECONDS = 5;

/** Turns every error into `{code, message, details?}`; only unexpected ones are logged with their stack. */
export function answerErrors(app: FastifyInstance, log: ServerLog): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = error instanceof Problem ? error : problemOf(error);
    if (problem.status >= 500) {
      const where = { method: request.method, path: request.routeOptions.url, request_id: request.id };
      log.error({ err: error, ...where }, 'a request failed');
    }
    const waitSeconds = problem.retryAfterSeconds ?? (problem.status === 503 ? RETRY_AFTER_SECONDS : undefined);
    if (waitSeconds !== undefined) reply.header('retry-after', waitSeconds);
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
    reply.code(problem.status).type('application/json').send(problem.body(request.id));
  });
  app.setNotFoundHandler((request, reply) => {
    reply.code(404).send(new Problem(404, 'NOT_FOUND', 'There is no such call in this API.').body(request.id));
  });
}

/** What fails before any route is found, such as an address that cannot be decoded, in the form of every other answer. */
export function answerUnrouted(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error);
  // No hook sees it.
  reply.header('x-request-id', request.id);
  reply.code(problem.status).type('application/json').send(problem.body(request.id));
}

/** The same for bytes that are no HTTP request, or one that did not come in time. The connection ends with it. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = CLIENT_ERRORS[error.code ?? ''] ?? 400;
  const body = JSON.stringify(new Problem(status, 'BAD_REQUEST', 'The request is not well-formed HTTP.').body());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

const CLIENT_ERRORS: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

const BY_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'BAD_REQUEST',
  404: 'NOT_FOUND',
  413: 'TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
};

function problemOf(error: unknown): Problem {
  const failure = databaseFailure(error);
  if (failure === 'unstorable') {
    return new Problem(422, 'VALIDATION_FAILED', 'A text of the request cannot be kept: it has a NUL or is too long.');
  }
  if (failure === 'away' || failure === 'raced') {
    return temporaryUnavailable('The server’s database cannot take this just now; try again later.');
  }
  if (failure === 'full' || outOfRoom(error)) {
    return temporaryUnavailable('The server’s disk is full or busy; try again later.');
  }
  if (error instanceof StoreAway) {
    return temporaryUnavailable('The store of derived files cannot take this just now; try again later.');
  }
  const status = statusOf(error);
  if (status === 406)
    return new Problem(415, 'UNSUPPORTED_MEDIA_TYPE', 'The content type is not the one this call takes.');
  if (status >= 400 && status < 500) {
    return new Problem(status, BY_STATUS[status] ?? 'BAD_REQUEST', messageOf(error));
  }
  return new Problem(500, 'INTERNAL', 'The server could not do this; its log says why.');
}

/** A full or failing disk: reasons that pass. */
function outOfRoom(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return isDiskFull(error) || code === 'EIO' || code === 'EMFILE';
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : 'The request is not well-formed.';
}
