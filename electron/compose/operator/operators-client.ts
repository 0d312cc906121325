import { z } from 'zod';
import type { Refusal } from '../../../shared/failure.ts';
import { defined } from '../../../shared/objects.ts';
import { API_BASE, ErrorBody } from '../../../shared/wire.ts';
import type { OperatorEntry, OperatorToken } from '../../../shared/operator-roles.ts';
import * as wire from '../../../shared/wire-operators.ts';
import { boundedText } from '../../agent/server/bounded-text.ts';

type Answer<T> = { readonly value: T } | { readonly refusal: Refusal };

/** The calls of an admin about the operators of a server. */
export interface OperatorsClient {
  add(request: z.input<typeof wire.AddOperatorRequest>): Promise<Answer<OperatorToken>>;
  rotate(name: string, request: z.input<typeof wire.RotateOperatorRequest>): Promise<Answer<OperatorToken>>;
  list(): Promise<Answer<readonly OperatorEntry[]>>;
  remove(name: string): Promise<Answer<unknown>>;
}

const TIMEOUT_MS = 30_000;

/** `send`: a `fetch` that knows how to reach the server. `token`: an admin's. */
export function createOperatorsClient(send: typeof fetch, serverUrl: string, token: string): OperatorsClient {
  const ask = async <T>(schema: z.ZodType<T>, path: string, body?: unknown): Promise<Answer<T>> => {
    let response: Response;
    try {
      response = await send(`${serverUrl}${API_BASE}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      return { refusal: unreachable(serverUrl, error) };
    }
    const answer = jsonOf(await boundedText(response));
    if (response.ok) return { value: schema.parse(answer) };
    const told = ErrorBody.safeParse(answer);
    const { code, message } = told.data ?? { code: `HTTP_${response.status}`, message: 'The server refused it.' };
    return { refusal: { code, message, ...defined({ nextStep: NEXT_STEPS[response.status] }) } };
  };
  const of = (name: string): string => `/operators/${encodeURIComponent(name)}`;
  return {
    add: (request) => ask(wire.OperatorToken, '/operators', request),
    rotate: (name, request) => ask(wire.OperatorToken, `${of(name)}/rotate`, request),
    async list() {
      const answer = await ask(wire.OperatorList, '/operators');
      return 'refusal' in answer ? answer : { value: answer.value.items };
    },
    remove: (name) => ask(z.unknown(), `${of(name)}/remove`, {}),
  };
}

const NEXT_STEPS: Readonly<Record<number, string>> = {
  401: 'Name the token of an admin: --token-file FILE, or the data folder of the server: --data DIR.',
  403: 'Name the token of an admin: --token-file FILE, or the data folder of the server: --data DIR.',
  404: 'Look who there is: server operators list.',
};

function unreachable(serverUrl: string, error: unknown): Refusal {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.message) : String(cause);
  return {
    code: 'SERVER_UNREACHABLE',
    message: `The server at ${serverUrl} cannot be reached (${why}).`,
    nextStep: 'Start it, or name where it is: --server URL (and --ca-file FILE for a private authority).',
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
