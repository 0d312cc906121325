import { readFileSync } from 'node:fs';
import type { Refusal } from '../../../shared/failure.ts';
import type { Settings } from '../../../shared/settings.ts';
import type { NetworkFacts } from '../../agent/server/network-fetch.ts';
import { readSecretFile } from '../../../server/secret-file.ts';

type Env = Readonly<Record<string, string | undefined>>;
type NetworkSettings = Pick<Settings, 'proxyMode' | 'proxyUrl' | 'noProxy' | 'proxyCredentialsFile' | 'caFile'>;

export interface Network {
  readonly facts: NetworkFacts;
  /** What could not be read; the rest holds. */
  readonly problem?: Refusal;
}

/** Asks the system which proxy leads to an address (PAC, the system's settings): its address, or null for none. */
export type SystemProxy = (url: string) => Promise<string | null>;

/** How to reach `serverUrl`. Without `systemProxy` "system" means the proxy variables. */
export async function networkFacts(
  settings: NetworkSettings,
  serverUrl: string,
  env: Env = process.env,
  systemProxy?: SystemProxy,
): Promise<Network> {
  const ca = readCa(settings.caFile);
  const proxy = await findProxy(settings, serverUrl, env, systemProxy);
  const found = proxy === 'unusable' ? null : proxy;
  const credentials = found === null ? {} : readCredentials(settings.proxyCredentialsFile, found);
  const refusals = [ca, credentials].flatMap((part) => ('refusal' in part ? [part.refusal] : []));
  const problem = proxy === 'unusable' ? UNUSABLE_PROXY : refusals[0];
  return {
    facts: {
      ...(found === null ? {} : { proxyUrl: bare(found), noProxy: noProxyOf(settings, env) }),
      ...('authorization' in credentials ? { proxyAuthorization: credentials.authorization } : {}),
      ...('pem' in ca ? { extraCa: ca.pem } : {}),
    },
    ...(problem === undefined ? {} : { problem }),
  };
}

async function findProxy(
  { proxyMode, proxyUrl }: NetworkSettings,
  serverUrl: string,
  env: Env,
  systemProxy: SystemProxy | undefined,
): Promise<URL | 'unusable' | null> {
  if (proxyMode === 'none') return null;
  if (proxyMode === 'manual') return proxyUrl === undefined ? null : new URL(proxyUrl);
  const asked = systemProxy === undefined ? null : await systemProxy(serverUrl);
  const named = asked ?? fromVariables(serverUrl, env);
  if (named === undefined || named === '') return null;
  const url = URL.parse(named.includes('://') ? named : `http://${named}`);
  return url !== null && /^https?:$/.test(url.protocol) ? url : 'unusable';
}

/** The address itself is not told: a password may stand in it. */
const UNUSABLE_PROXY: Refusal = {
  code: 'PROXY_ADDRESS_INVALID',
  message:
    'The proxy this machine names (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY or its settings) is no http:// or https:// address.',
  nextStep:
    'Correct it and restart the agent, or set proxyMode to manual or none; it goes on without a proxy until then.',
};

function fromVariables(serverUrl: string, env: Env): string | undefined {
  const read = (name: string): string | undefined => env[name.toLowerCase()] ?? env[name];
  const secure = serverUrl.startsWith('https:');
  return (secure ? read('HTTPS_PROXY') : read('HTTP_PROXY')) ?? read('ALL_PROXY');
}

function noProxyOf({ noProxy }: NetworkSettings, env: Env): string[] {
  const named = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(/[\s,]+/).filter(Boolean);
  return [...noProxy, ...named];
}

/** A name and password never travel in an address that is shown or logged. */
function bare(url: URL): string {
  return `${url.protocol}//${url.host}`;
}

type Credentials = { readonly authorization: string } | { readonly refusal: Refusal } | Record<never, never>;

function readCredentials(file: string | undefined, proxy: URL): Credentials {
  if (file === undefined) {
    if (proxy.username === '') return {};
    return { authorization: basic(`${decoded(proxy.username)}:${decoded(proxy.password)}`) };
  }
  const secret = readSecretFile(file);
  switch (secret.kind) {
    case 'read':
      return { authorization: basic(secret.text.trim()) };
    case 'open':
      return { refusal: openToAll(file) };
    case 'unreadable':
      return { refusal: unreadable('PROXY_CREDENTIALS_UNREADABLE', 'proxy credentials', file, secret.why) };
  }
}

/** “%” in a password that nobody encoded stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const basic = (text: string): string => `Basic ${Buffer.from(text, 'utf8').toString('base64')}`;

function readCa(
  file: string | undefined,
): { readonly pem: string } | { readonly refusal: Refusal } | Record<never, never> {
  if (file === undefined) return {};
  try {
    const pem = readFileSync(file, 'utf8');
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return { pem };
    return {
      refusal: {
        code: 'CA_FILE_INVALID',
        message: `The file ${file} holds no certificate in PEM form.`,
        nextStep: 'Convert it (openssl x509 -inform der -in FILE -out FILE.pem) and name the result in caFile.',
        field: 'caFile',
      },
    };
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { refusal: unreadable('CA_FILE_UNREADABLE', 'certificates', file, why) };
  }
}

function unreadable(code: string, what: string, file: string, why: string): Refusal {
  return {
    code,
    message: `The file with the ${what}, ${file}, cannot be read (${why}).`,
    nextStep: 'Correct its place or its rights and restart the agent; it goes on without it until then.',
  };
}

function openToAll(file: string): Refusal {
  return {
    code: 'PROXY_CREDENTIALS_OPEN',
    message: `Everybody on this machine may read the proxy’s password in ${file}, so it is not used.`,
    nextStep: `Let only the agent’s account read it: chmod 600 ${file}.`,
  };
}
