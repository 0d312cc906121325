import type { Refusal } from '../../shared/failure.ts';
import type { TokenSource } from '../agent/server/token-source.ts';

/** What looking for a token came to. `kept`: nothing newer than the one in use. */
export type FoundToken =
  | { readonly kind: 'found'; readonly token: string }
  | { readonly kind: 'kept' }
  | { readonly kind: 'none'; readonly refusal: Refusal };

/** The desktop app's token: none yet, or one that is replaced while the agent works. */
export interface StoredToken extends TokenSource {
  /** A person paired with this server: used from now on. */
  replace(token: string): void;
  problem(): Refusal | null;
  /** Resolves when the look that is under way is over. */
  settled(): Promise<void>;
}

/**
 * Without a token the app opens all the same and says why on its page: a machine that was set up from afar must not
 * greet its editor with a window that closes. `look` is asked whenever the server refuses, once a minute at most.
 */
export function createStoredToken(
  initial: string | null,
  look: (inUse: string) => Promise<FoundToken>,
  missing: Refusal,
): StoredToken {
  let token = initial ?? '';
  let problem: Refusal = missing;
  let looking: Promise<void> | null = null;
  const listeners = new Set<(token: string) => void>();
  const tell = (): void => {
    for (const listener of listeners) listener(token);
  };
  const replace = (next: string): void => {
    if (next === token) return;
    token = next;
    tell();
  };
  const lookOnce = async (): Promise<void> => {
    const found = await look(token);
    if (found.kind === 'found') replace(found.token);
    if (found.kind !== 'none' || found.refusal.message === problem.message) return;
    problem = found.refusal;
    // Whoever waits with the old reason asks again and gets the new one.
    tell();
  };
  return {
    current: () => token,
    replace,
    refresh() {
      looking ??= lookOnce().finally(() => (looking = null));
      // What it finds comes by `onChange`: asking a server or a keystore takes its time.
      return false;
    },
    problem: () => (token === '' ? problem : null),
    settled: async () => looking ?? undefined,
    onChange: (listener) => listeners.add(listener),
    close: () => listeners.clear(),
  };
}
