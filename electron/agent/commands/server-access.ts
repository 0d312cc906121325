import type { Handlers, Outcome, Parsed } from '../../../shared/commands.ts';
import { oneTimeTokenIn } from '../../../shared/one-time-token.ts';
import type { Refusal } from '../../../shared/failure.ts';
import type { SettingsView } from '../../../shared/settings.ts';
import { createClient } from '../server/client.ts';
import { enrol } from '../server/enrolment.ts';
import { openHttpRefusal } from '../server/open-http.ts';
import type { AgentServices } from '../jobs/services.ts';
import type { Installation } from '../server/installation-id.ts';
import type { SettingsStore } from '../settings/settings-store.ts';

/** Where a server's token is kept between runs: the keystore, or a 0600 file. */
export interface TokenStore {
  /** Null when it is kept. `acts` says whether it is used from now on, or after a restart. */
  keep(
    serverUrl: string,
    token: string,
  ): Promise<{ readonly acts: 'now' | 'after-restart' } | { readonly refusal: Refusal }>;
}

export interface ServerAccessDeps {
  readonly services: Pick<AgentServices, 'store' | 'clock'>;
  readonly settings: SettingsStore;
  readonly fetch: typeof fetch;
  /** The token in use and the address it is for. */
  readonly token: () => string;
  readonly serverUrl: string;
  /** Null where nothing can be kept: the token was given for this run only. */
  readonly tokenStore: TokenStore | null;
  readonly installation: () => Installation;
}

export function serverCommands(deps: ServerAccessDeps): Handlers<'testConnection' | 'pair'> {
  return { testConnection: (input) => testConnection(deps, input), pair: (input) => pair(deps, input) };
}

const TEST_TIMEOUT_MS = 10_000;

/** One GET /jobs, which reads only, with the given token or the one in use. */
async function testConnection(
  deps: ServerAccessDeps,
  input: Parsed<'testConnection'>,
): Promise<Outcome<'testConnection'>> {
  const { serverUrl } = input;
  const inUse = serverUrl === deps.serverUrl ? deps.token() : '';
  const token = input.token ?? (inUse === '' ? undefined : inUse);
  const result = await probe(deps, serverUrl, token);
  return 'refusal' in result ? result : { answer: result.answer, roundTripMs: result.roundTripMs };
}

/** Exchanges a one-time token where one is given, else tries the token, and keeps it together with the address. */
async function pair(deps: ServerAccessDeps, input: Parsed<'pair'>): Promise<Outcome<'pair'>> {
  const { tokenStore, settings } = deps;
  if (tokenStore === null) return { refusal: CANNOT_KEEP };
  const { serverUrl } = input;
  const open = openHttpRefusal(serverUrl, deps.settings.view().values);
  if (open !== null) return { refusal: open };
  const exchanged =
    input.kind === 'enrolment'
      ? await enrol(deps.fetch, {
          serverUrl,
          oneTimeToken: oneTimeTokenIn(input.secret),
          installation: deps.installation(),
        })
      : { token: input.secret };
  if ('refusal' in exchanged) return { refusal: exchanged.refusal };
  // An enrolment's token is known to be good, and its first use ends the one before: not before it is kept.
  const tried = input.kind === 'enrolment' ? null : await probe(deps, serverUrl, exchanged.token);
  if (tried !== null && 'refusal' in tried) return { refusal: { ...tried.refusal, field: 'secret' } };
  // The address first: if IT manages it, no token of another server must replace the one in use.
  const before = settings.view();
  if (before.values.serverUrl !== serverUrl) {
    const refusal = settings.change({ serverUrl });
    if (refusal !== null) return { refusal };
    deps.services.store.emit({ type: 'settingsChanged', settings: settings.view() });
  }
  const kept = await tokenStore.keep(serverUrl, exchanged.token);
  if ('refusal' in kept) {
    // Nor is the token that is still kept shown to the new server at the next start.
    if (before.values.serverUrl !== serverUrl) goBack(deps, before);
    return kept;
  }
  return { restart: kept.acts === 'after-restart' || serverUrl !== deps.serverUrl };
}

function goBack({ settings, services }: ServerAccessDeps, { values, origins }: SettingsView): void {
  if (origins.serverUrl === 'user') settings.change({ serverUrl: values.serverUrl });
  else settings.change({}, ['serverUrl']);
  services.store.emit({ type: 'settingsChanged', settings: settings.view() });
}

const CANNOT_KEEP: Refusal = {
  code: 'TOKEN_NOT_KEPT',
  message: 'This agent was started with a token that cannot be replaced from here.',
  nextStep: 'Start it with --token-file and a file this user may write, or put the new token there.',
};

type Probed =
  { readonly answer: 'accepted' | 'token-needed'; readonly roundTripMs: number } | { readonly refusal: Refusal };

async function probe(deps: ServerAccessDeps, serverUrl: string, token: string | undefined): Promise<Probed> {
  const open = token === undefined ? null : openHttpRefusal(serverUrl, deps.settings.view().values);
  if (open !== null) return { refusal: open };
  const { monotonic } = deps.services.clock;
  const client = createClient({
    serverUrl,
    fetch: deps.fetch,
    credentials: () => ({ token: token ?? 'none' }),
    monotonic,
    timeoutMs: TEST_TIMEOUT_MS,
  });
  const startedAt = monotonic();
  const reply = await client.jobs();
  const roundTripMs = Math.round(monotonic() - startedAt);
  switch (reply.answer) {
    case 'timeout':
    case 'reset':
    case '5xx':
      return { refusal: unreachable(serverUrl, reply.summary) };
    case 'redirect':
    case 'malformed':
      return { refusal: notOurs(serverUrl) };
    case '401':
    case '403':
      return token === undefined ? { answer: 'token-needed', roundTripMs } : { refusal: refused(serverUrl) };
    case '404':
      // A server that does not know this agent yet says so in its own words; any other page on earth does not.
      return reply.error === undefined ? { refusal: notOurs(serverUrl) } : { answer: 'accepted', roundTripMs };
    default:
      return { answer: 'accepted', roundTripMs };
  }
}

function unreachable(serverUrl: string, summary: string): Refusal {
  return {
    code: 'SERVER_UNREACHABLE',
    message: `${serverUrl} does not answer (${summary}).`,
    nextStep: 'Check the address, and that the server runs and can be reached from this machine.',
    field: 'serverUrl',
  };
}

function notOurs(serverUrl: string): Refusal {
  return {
    code: 'NOT_A_RUSHCATALOG_SERVER',
    message: `${serverUrl} answers, but not like a RushCatalog server.`,
    nextStep: 'Check the address; it is written without /api/v1 and must not redirect.',
    field: 'serverUrl',
  };
}

function refused(serverUrl: string): Refusal {
  return {
    code: 'TOKEN_REFUSED',
    message: `${serverUrl} does not accept this token.`,
    nextStep: 'Enter a new token, or enrol this machine again.',
    field: 'token',
  };
}
