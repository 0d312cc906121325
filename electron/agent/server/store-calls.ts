import type { Refusal } from '../../../shared/failure.ts';
import { networkProblem } from './network-problem.ts';

/** Where one part may be put, as the server signed it. */
export interface SignedPart {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface StoreDeps {
  readonly serverUrl: string;
  readonly fetch: typeof fetch;
  /** Origins beside the server's own that a signed address may lead to; default: none. */
  readonly storeOrigins?: (() => readonly string[]) | undefined;
  readonly proxyUrl?: string | undefined;
  /** Aborts after so many ms. */
  readonly timeout: (ms: number) => AbortSignal;
}

/** A part is up to 8 MiB over a studio's slow link: at 100 kB/s it needs 84 s. */
const PUT_TIMEOUT_MS = 120_000;
/** A server may name what its store wants signed, and nothing that speaks for this agent or to a proxy. */
const PASSED_ON = /^(?:x-(?:amz|goog|ms)-[\w-]+|content-(?:type|md5))$/i;

/**
 * What goes past the server, to the store that its signed addresses lead to. No token and no id of the agent goes there:
 * the address is all the right it takes. A server that is not to be trusted must not have the agent send something
 * anywhere in its network, so only named origins are reached.
 */
export function storeCalls(deps: StoreDeps) {
  const own = new URL(deps.serverUrl).origin;
  return {
    /** Null where parts may be put there. */
    storeRefusal(origin: string): Refusal | null {
      if (origin === own || deps.storeOrigins?.().includes(origin) === true) return null;
      return {
        code: 'STORE_ORIGIN_REFUSED',
        message: `The server ${own} keeps files in ${origin}, which this agent’s settings do not name, so nothing is sent there.`,
        nextStep: `Where that is right, add ${origin} to storeOrigins; until then files go through the server.`,
        field: 'storeOrigins',
      };
    },
    /** Puts a part where the server signed it; its `etag` there, or why it is not there. Never rejects. */
    async putPart(
      { url, headers }: SignedPart,
      chunk: Blob,
      signal: AbortSignal,
    ): Promise<{ readonly etag: string } | { readonly problem: string }> {
      try {
        const response = await deps.fetch(url, {
          method: 'PUT',
          redirect: 'manual',
          headers: Object.fromEntries(Object.entries(headers).filter(([name]) => PASSED_ON.test(name))),
          body: chunk,
          signal: AbortSignal.any([signal, deps.timeout(PUT_TIMEOUT_MS)]),
        });
        await response.body?.cancel();
        const etag = response.headers.get('etag')?.replaceAll('"', '') ?? '';
        if (response.status === 200 && etag !== '') return { etag };
        return { problem: `the store answered ${response.status}` };
      } catch (error) {
        const problem = networkProblem(error, url, deps.proxyUrl);
        return { problem: problem?.message ?? 'the store did not answer' };
      }
    },
  };
}
