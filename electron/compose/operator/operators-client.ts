import { z } from 'zod';
import { RefusedError, type Refusal } from '../../../shared/failure.ts';
import type { OperatorEntry, OperatorToken } from '../../../shared/operator-roles.ts';
import * as wire from '../../../shared/wire-operators.ts';
import { adminCalls, adminQuestions } from './admin-calls.ts';

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
  const read = adminQuestions(adminCalls(send, serverUrl, token, NEXT_STEPS), { timeoutMs: TIMEOUT_MS });
  const ask = async <T>(schema: z.ZodType<T>, path: string, body?: unknown): Promise<Answer<T>> => {
    try {
      return { value: await read(schema, path, body) };
    } catch (error) {
      if (error instanceof RefusedError) return { refusal: error.refusal };
      throw error;
    }
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
