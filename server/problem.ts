import type { z } from 'zod';
import type { ErrorBody } from '../shared/wire.ts';

export type ProblemCode =
  | 'BAD_REQUEST'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'STATE_CONFLICT'
  | 'PURGED'
  | 'UPLOAD_EXPIRED'
  | 'TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'RANGE_NOT_SATISFIABLE'
  | 'VALIDATION_FAILED'
  | 'LOCK_REQUIRED'
  | 'LOCK_INVALID'
  | 'RATE_LIMITED'
  | 'INTERNAL'
  | 'TEMPORARY_UNAVAILABLE';

/** One field that a request got wrong. */
export interface FieldIssue {
  /** Path from the body's root, e.g. `output.thumbnails.0.sha256`; empty for the body itself. */
  readonly field: string;
  readonly message: string;
}

/** An answer that is not 2xx: `{code, message, details?, request_id?}` (protocol.md, "Calls of the agent"). */
export class Problem extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  readonly details: unknown;
  /** `Retry-After`, where this is known better than by the status. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, code: ProblemCode, message: string, details?: unknown, retryAfterSeconds?: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.details = details;
  }

  /** `requestId`: what the answer's `x-request-id` says, and the log. */
  body(requestId?: string): ErrorBody {
    const { code, message, details } = this;
    return {
      code,
      message,
      ...(details === undefined ? {} : { details }),
      ...(requestId === undefined ? {} : { request_id: requestId }),
    };
  }
}

export const badRequest = (message: string): Problem => new Problem(400, 'BAD_REQUEST', message);
export const unauthorized = (message: string): Problem => new Problem(401, 'UNAUTHORIZED', message);
export const forbidden = (message: string): Problem => new Problem(403, 'FORBIDDEN', message);
export const notFound = (message: string): Problem => new Problem(404, 'NOT_FOUND', message);
/** What was looked for by its id. @throws Problem 404 where there is none */
export function orNotFound<T>(found: T | undefined, what: 'job' | 'asset' | 'derived file'): T {
  if (found === undefined) throw notFound(`There is no such ${what}.`);
  return found;
}
/** 409: "not in this state". */
export const stateConflict = (message: string, details?: unknown): Problem =>
  new Problem(409, 'STATE_CONFLICT', message, details);
export const purged = (message: string): Problem => new Problem(410, 'PURGED', message);
/** 410, but not PURGED: that code would end the job, while an expired upload is simply begun anew. */
export const uploadExpired = (message: string): Problem => new Problem(410, 'UPLOAD_EXPIRED', message);
export const tooLarge = (message: string, details?: unknown): Problem =>
  new Problem(413, 'TOO_LARGE', message, details);
export const unsupportedMediaType = (message: string): Problem => new Problem(415, 'UNSUPPORTED_MEDIA_TYPE', message);
export const lockRequired = (): Problem =>
  new Problem(423, 'LOCK_REQUIRED', 'This call needs the lock_token that the claim answered.');
/** 423: "not with this token", also when another agent uses it. */
export const lockInvalid = (): Problem =>
  new Problem(423, 'LOCK_INVALID', 'The lock_token is not the one under which this job is claimed now.');
/** 429: not now; the same is taken after so many seconds. */
export const rateLimited = (message: string, retryAfterSeconds: number, details?: unknown): Problem =>
  new Problem(429, 'RATE_LIMITED', message, details, retryAfterSeconds);
export const temporaryUnavailable = (message: string, details?: unknown): Problem =>
  new Problem(503, 'TEMPORARY_UNAVAILABLE', message, details);
/** 503 for what grows, while leases, results and failures of running jobs are still taken. */
export const diskFull = (): Problem =>
  temporaryUnavailable('The server’s disk is full; uploads and new jobs wait until there is room.', {
    reason: 'disk_full',
  });

/** 422 with the fields at fault. */
export function validationFailed(issues: readonly FieldIssue[]): Problem {
  const first = issues[0];
  const where = first === undefined || first.field === '' ? 'The request' : `The field “${first.field}”`;
  const why = first === undefined ? 'is not valid' : first.message;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new Problem(422, 'VALIDATION_FAILED', `${where} is wrong: ${why}${more}.`, issues.slice(0, 50));
}

/** Parses one part of a request; `prefix` names it in the issues. */
export function parseOrRefuse<S extends z.ZodType>(schema: S, value: unknown, prefix = ''): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw validationFailed(
    parsed.error.issues.map((issue) => ({
      field: [prefix, ...issue.path.map(String)].filter((step) => step !== '').join('.'),
      message: issue.message,
    })),
  );
}
