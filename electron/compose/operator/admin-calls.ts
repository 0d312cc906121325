import type { z } from 'zod';
import { RefusedError } from '../../../shared/failure.ts';
import { fetchReason } from '../../../shared/fetch-reason.ts';
import { jsonOf } from '../../../shared/json.ts';
import { API_BASE, ErrorBody } from '../../../shared/wire.ts';
import { boundedText } from '../../agent/server/bounded-text.ts';

/** A call to a server, `GET` where there is no body. @throws RefusedError where it is refused, or nobody answers */
type AdminCall = (path: string, body?: unknown, signal?: AbortSignal) => Promise<Response>;

/** `send`: a `fetch` that knows how to reach the server. `nextSteps`: by status of a refusal. */
export function adminCalls(
  send: typeof fetch,
  serverUrl: string,
  token: string,
  nextSteps: Readonly<Record<number, string>> = {},
): AdminCall {
  return async (path, body, signal) => {
    const response = await send(`${serverUrl}${API_BASE}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
      redirect: 'error',
    }).catch((error: unknown) => {
      throw unreachable(serverUrl, error);
    });
    if (response.ok) return response;
    const told = ErrorBody.safeParse(jsonOf(await boundedText(response)));
    const { code, message } = told.data ?? { code: `HTTP_${response.status}`, message: 'The server refused it.' };
    const nextStep = nextSteps[response.status];
    throw new RefusedError({ code, message, ...(nextStep === undefined ? {} : { nextStep }) });
  };
}

/** The same, with an answer of JSON that is read as `schema` says, in time and within what fits into memory. */
type AdminQuestion = <T>(schema: z.ZodType<T>, path: string, body?: unknown) => Promise<T>;

export function adminQuestions(
  call: AdminCall,
  { timeoutMs, maxBytes }: { readonly timeoutMs: number; readonly maxBytes?: number },
): AdminQuestion {
  return async (schema, path, body) => {
    const response = await call(path, body, AbortSignal.timeout(timeoutMs));
    return schema.parse(jsonOf(await boundedText(response, maxBytes)));
  };
}

const unreachable = (serverUrl: string, error: unknown): RefusedError =>
  new RefusedError(
    {
      code: 'SERVER_UNREACHABLE',
      message: `The server at ${serverUrl} cannot be reached (${fetchReason(error)}).`,
      nextStep: 'Start it, or name where it is: --server URL (and --ca-file FILE for a private authority).',
    },
    { cause: error },
  );
