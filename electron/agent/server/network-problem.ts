import type { Refusal } from '../../../shared/failure.ts';

/** TLS errors of a chain that ends at nobody this machine knows. */
const UNKNOWN_AUTHORITY = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

const EXPIRED = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/** What stands between us and the server, where that can be told from an error of `fetch`; null otherwise. */
export function networkProblem(error: unknown, serverUrl: string, proxyUrl: string | undefined): Refusal | null {
  const causes = causesOf(error);
  const code = causes.map(codeOf).find((each) => each !== undefined);
  const { host } = new URL(serverUrl);
  if (code !== undefined && UNKNOWN_AUTHORITY.has(code)) {
    return {
      code: 'CA_UNKNOWN',
      message: `The certificate of ${host} was signed by an authority that this machine does not know.`,
      nextStep: 'Add the authority’s certificate to the system’s store, or name its PEM file in caFile (--ca-file).',
    };
  }
  if (code !== undefined && EXPIRED.has(code)) {
    return {
      code: 'CERTIFICATE_DATES',
      message: `The certificate of ${host} is not valid at this machine’s date.`,
      nextStep: 'Check this machine’s clock, or have the certificate renewed.',
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      code: 'CERTIFICATE_NAME',
      message: `The certificate that ${host} shows belongs to another name.`,
      nextStep: 'Use the name that the certificate is for.',
    };
  }
  return proxyUrl === undefined ? null : proxyProblem(causes, proxyUrl);
}

function proxyProblem(causes: readonly Error[], proxyUrl: string): Refusal | null {
  const { host, hostname, port } = new URL(proxyUrl);
  const status = causes.map(({ message }) => /Proxy response \((\d{3})\)/.exec(message)?.[1]).find(Boolean);
  if (status === '407') {
    return {
      code: 'PROXY_CREDENTIALS',
      message: `The proxy ${host} asks for a name and password, and does not accept what it was given.`,
      nextStep:
        'Put “name:password” into the file named by proxyCredentialsFile, readable by the agent’s account only.',
    };
  }
  if (status !== undefined) {
    return {
      code: 'PROXY_REFUSED',
      message: `The proxy ${host} does not let this connection through (${status}).`,
      nextStep: 'Ask whoever manages the proxy to let the RushCatalog server through, or add it to noProxy.',
    };
  }
  const toProxy = causes.some((cause) => {
    // What errors of sockets and of name lookups have beside a message.
    const { port: at, address, hostname: name } = cause as Error & Record<string, unknown>;
    const portOf = port === '' ? '80' : port;
    return (at !== undefined && String(at) === portOf && typeof address === 'string') || name === hostname;
  });
  if (!toProxy) return null;
  const why = causes.map(codeOf).find((each) => each !== undefined) ?? 'no answer';
  return {
    code: 'PROXY_UNREACHABLE',
    message: `The proxy ${host} cannot be reached (${why}).`,
    nextStep: 'Check proxyUrl and that the proxy runs; the agent tries again by itself.',
  };
}

function causesOf(error: unknown): Error[] {
  const found: Error[] = [];
  let at: unknown = error;
  while (at instanceof Error && found.length < 8) {
    found.push(at);
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return found;
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
