import type { Refusal } from '../../shared/failure.ts';
import type { SignInAnswer } from '../../shared/wire-page.ts';
import { keepSession, readSession } from './session.ts';

/** Longer than the server itself waits for its database. */
const PATIENCE_MS = 35_000;
const BASE = 'api/v1';

/** What a call came to; refusals are shown to a person, at the fields they are about where there are any. */
export type Answered<T> =
  | { readonly ok: true; readonly output: T }
  | { readonly ok: false; readonly refusal: Refusal; readonly fields: readonly FieldIssue[] };

/** What a 422 says of one field, by its path in the request. */
interface FieldIssue {
  readonly field: string;
  readonly message: string;
}

/** The server over HTTP, as the operator of this page. */
export interface Server {
  get<T>(path: string): Promise<Answered<T>>;
  post<T>(path: string, body?: unknown, options?: { readonly keepalive: boolean }): Promise<Answered<T>>;
  signIn(name: string, token: string): Promise<Answered<SignInAnswer>>;
  signOut(): void;
}

const UNREACHABLE: Refusal = { code: 'CATALOGUE_UNREACHABLE', message: 'The server did not answer.' };

/** `onSession`: somebody signed in, or the session is over. */
export function createServer(onSession: () => void, fetchImpl: typeof fetch = (...args) => fetch(...args)): Server {
  const call = async <T>(path: string, init: RequestInit): Promise<Answered<T>> => {
    const headers = new Headers(init.headers);
    const session = readSession();
    if (session !== null) headers.set('authorization', `Bearer ${session.session}`);
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetchImpl(`${BASE}${path}`, {
        ...init,
        headers,
        signal,
        credentials: 'omit',
        cache: 'no-store',
      });
      // As the server's own schemas say; a refusal has a code and a message.
      const body = (await answer.json()) as T;
      if (answer.ok) return { ok: true, output: body };
      if (answer.status === 401 && session !== null) {
        keepSession(null);
        onSession();
      }
      return { ok: false, refusal: refusalOf(body), fields: fieldsOf(body) };
    } catch {
      return { ok: false, refusal: UNREACHABLE, fields: [] };
    }
  };
  const post: Server['post'] = (path, body, options) =>
    call(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...options,
    });
  return {
    get: (path) => call(path, {}),
    post,
    async signIn(name, token) {
      keepSession(null);
      const answer = await post<SignInAnswer>('/page/session', { name, token });
      if (answer.ok) keepSession(answer.output);
      onSession();
      return answer;
    },
    signOut() {
      keepSession(null);
      onSession();
    },
  };
}

function refusalOf(body: unknown): Refusal {
  if (typeof body !== 'object' || body === null || !('code' in body) || !('message' in body)) return UNREACHABLE;
  return { code: String(body.code), message: String(body.message) };
}

function fieldsOf(body: unknown): readonly FieldIssue[] {
  if (typeof body !== 'object' || body === null || !('details' in body) || !Array.isArray(body.details)) return [];
  const told: readonly unknown[] = body.details;
  return told.flatMap((issue) =>
    typeof issue === 'object' && issue !== null && 'field' in issue && 'message' in issue
      ? [{ field: String(issue.field), message: String(issue.message) }]
      : [],
  );
}
