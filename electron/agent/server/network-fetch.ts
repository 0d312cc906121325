import { getCACertificates } from 'node:tls';
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';

/** How the agent's own traffic leaves this machine; plain data, so that the lease thread can be given it. */
export interface NetworkFacts {
  /** Without a name and password. */
  readonly proxyUrl?: string;
  /** `Proxy-Authorization`; a secret. */
  readonly proxyAuthorization?: string;
  /** Hosts that are reached directly; this machine always is. */
  readonly noProxy?: readonly string[];
  /** PEM of authorities that are trusted besides the system's. */
  readonly extraCa?: string;
}

const OWN_MACHINE = ['localhost', '127.0.0.1', '::1'];

/**
 * A `fetch` over these facts. The authorities that the system trusts count beside those that Node brings along: that is
 * where a studio puts its own. Its connections are its own: they end with the process.
 */
export function createNetworkFetch(facts: NetworkFacts): typeof fetch {
  let dispatcher: Dispatcher | undefined;
  return (input, init) => {
    if (facts.proxyUrl === undefined && !isEncrypted(input)) return fetch(input, init);
    dispatcher ??= dispatcherOf(facts);
    const options: RequestInit = { ...init };
    // Node's own fetch takes it; its type is that of the undici inside Node, a version apart from the package's.
    Reflect.set(options, 'dispatcher', dispatcher);
    return fetch(input, options);
  };
}

function isEncrypted(input: Parameters<typeof fetch>[0]): boolean {
  return (input instanceof Request ? input.url : String(input)).startsWith('https:');
}

function dispatcherOf(facts: NetworkFacts): Dispatcher {
  const ca = trusted(facts.extraCa);
  return facts.proxyUrl === undefined ? new Agent({ connect: { ca } }) : throughProxy(facts.proxyUrl, facts, ca);
}

/** Named hosts are left out of the proxy by undici's own rules, which are those of curl. */
function throughProxy(proxyUrl: string, facts: NetworkFacts, ca: string[]): Dispatcher {
  return new EnvHttpProxyAgent({
    httpProxy: proxyUrl,
    httpsProxy: proxyUrl,
    noProxy: [...OWN_MACHINE, ...(facts.noProxy ?? [])].join(','),
    ...(facts.proxyAuthorization === undefined ? {} : { token: facts.proxyAuthorization }),
    requestTls: { ca },
    proxyTls: { ca },
    connect: { ca },
  });
}

/** Setting `ca` replaces everything that would be trusted otherwise, so it is named too. */
function trusted(extra: string | undefined): string[] {
  const known = [...getCACertificates('bundled'), ...getCACertificates('system'), ...getCACertificates('extra')];
  return extra === undefined ? known : [...new Set(known), extra];
}
