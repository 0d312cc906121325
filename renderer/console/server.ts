import type { Refusal } from '../../shared/failure.ts';
import type { SignInAnswer } from '../../shared/wire-page.ts';
import { keepSession, readSession } from './session.ts';

/** Longer than the server itself waits for its database. */
const PATIENCE_MS = 35_000;
const BASE = 'api/v1';

/** What a call came to; refusals are shown to a person. */
export type Answered<T> = { readonly ok: true; readonly output: T } | { readonly ok: false; readonly refusal: Refusal };

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
      return { ok: false, refusal: refusalOf(body) };
    } catch {
      return { ok: false, refusal: UNREACHABLE };
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
