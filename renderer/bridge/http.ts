import { hmac } from '@noble/hashes/hmac';
import { sha256 } from '@noble/hashes/sha2';
import type { Answer, Bridge, LinkState } from '../../shared/bridge.ts';
import { callTimeoutMs, type CommandName } from '../../shared/commands.ts';
import type { Update } from '../../shared/update.ts';
import { derivedPath, grantedUntil, grantText } from '../../shared/media-grant.ts';
import { watchPulse } from './pulse.ts';
import { readKeys, type PageKeys } from './session.ts';

/** Full jitter between 0 and these; the last one repeats. A local agent is back within seconds of a restart. */
const RETRY_MS = [250, 500, 1000, 2000, 4000] as const;
/** A page without a session looks again, in case the link was opened in another tab. */
const DENIED_RETRY_MS = 4000;

/** The agent over HTTP on loopback (electron/gateway/http.ts). `keys` are asked for with every call. */
export function createHttpBridge(
  fetchImpl: typeof fetch = (...args) => fetch(...args),
  keys: () => PageKeys | null = readKeys,
): Bridge {
  const withSession: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${keys()?.session ?? ''}`);
    return fetchImpl(input, { ...init, headers, credentials: 'omit' });
  };
  return {
    call: (name, input) => call(withSession, name, input),
    watch: (onUpdate, onLink) => watch(withSession, onUpdate, onLink),
    derivedUrl: (assetUuid, ref) => grantedUrl(keys()?.mediaKey ?? '', assetUuid, ref),
    setsGuarded: false,
  };
}

/** What an <img> or a <video> asks for carries no header: the address itself says that this file may be shown. */
function grantedUrl(mediaKey: string, assetUuid: string, ref: string): string {
  const until = grantedUntil(Date.now());
  const grant = base64url(hmac(sha256, mediaKey, grantText(assetUuid, ref, until)));
  return `${derivedPath(assetUuid, ref)}?until=${until}&grant=${grant}`;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

async function call<N extends CommandName>(fetchImpl: typeof fetch, name: N, input: unknown): Promise<Answer<N>> {
  try {
    const response = await fetchImpl(`rpc/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
      signal: AbortSignal.timeout(callTimeoutMs(name)),
    });
    const answer: unknown = await response.json();
    // The other end answers by the command's own schema.
    if (typeof answer === 'object' && answer !== null && 'ok' in answer) return answer as Answer<N>;
  } catch {
    // Said below in one sentence; the link state tells the rest.
  }
  return { ok: false, refusal: { code: 'AGENT_UNREACHABLE', message: 'The agent did not answer.' } };
}

type Ended = 'denied' | 'lost' | 'closed' | 'resync';

function watch(
  fetchImpl: typeof fetch,
  onUpdate: (update: Update) => void,
  onLink: (link: LinkState) => void,
): { close(): void; resync(): void } {
  let closed = false;
  let current = new AbortController();
  let lastLink: LinkState['kind'] | null = null;
  const say = (link: LinkState): void => {
    if (link.kind === lastLink) return;
    lastLink = link.kind;
    onLink(link);
  };
  const take = (update: Update): void => {
    say({ kind: 'open' });
    onUpdate(update);
  };
  const run = async (): Promise<void> => {
    let failures = 0;
    for (;;) {
      if (closed) return;
      current = new AbortController();
      const ended = await readStream(fetchImpl, current, (update) => {
        failures = 0;
        take(update);
      });
      if (ended === 'closed') return;
      if (ended === 'resync') continue;
      say(ended === 'denied' ? { kind: 'denied' } : { kind: 'lost', since: Date.now() });
      const cap = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 4000;
      failures += 1;
      await pause(ended === 'denied' ? DENIED_RETRY_MS : Math.random() * cap);
    }
  };
  void run();
  return {
    close: () => {
      closed = true;
      current.abort('closed' satisfies Ended);
    },
    resync: () => current.abort('resync' satisfies Ended),
  };
}

/** Reads one connection to its end. Never throws: how it ended is a value. */
async function readStream(
  fetchImpl: typeof fetch,
  abort: AbortController,
  onUpdate: (update: Update) => void,
): Promise<Ended> {
  const pulse = watchPulse(() => abort.abort('lost' satisfies Ended));
  // Nobody aborts it with anything else.
  const reason = (): Ended => (abort.signal.aborted ? (abort.signal.reason as Ended) : 'lost');
  try {
    const response = await fetchImpl('watch', { signal: abort.signal, cache: 'no-store' });
    if (response.status === 401 || response.status === 403) return 'denied';
    if (!response.ok || response.body === null) return 'lost';
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    // Also ends a stream that does not hear the signal itself.
    abort.signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined));
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done || abort.signal.aborted) return reason();
      pulse.felt();
      const lines = (rest + value).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        // Of the agent whose page this is.
        if (line !== '' && !abort.signal.aborted) onUpdate(JSON.parse(line) as Update);
      }
    }
  } catch {
    return reason();
  } finally {
    pulse.stop();
    abort.abort('lost' satisfies Ended);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
