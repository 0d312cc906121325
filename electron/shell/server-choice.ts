import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Refusal } from '../../shared/failure.ts';
import type { Settings } from '../../shared/settings.ts';
import { installationOf } from '../agent/server/installation-id.ts';
import { StartError } from '../agent/journal/database.ts';
import type { NetworkFacts } from '../agent/server/network-fetch.ts';
import { openHttpRefusal } from '../agent/server/open-http.ts';
import { enrol } from '../agent/server/enrolment.ts';
import { createNetworkFetch } from '../agent/server/network-fetch.ts';
import { readOneTimeToken, removeOneTimeToken } from '../compose/enrol.ts';
import { createStoredToken, type FoundToken, type StoredToken } from './stored-token.ts';
import type { SecretStore } from './secrets.ts';

/** A token that whoever manages the machine puts here is taken into the keystore, and removed. */
export const TOKEN_DROP = 'server-token.txt';

export interface ServerPlace {
  /** Data folder. */
  readonly folder: string;
  readonly secret: SecretStore;
  /** The policy's one-time token, for a machine that has none of its own yet. */
  readonly enrolmentTokenFile?: string | undefined;
  readonly network?: NetworkFacts;
}

/** The desktop's server: its token is looked for again while it is missing or refused. */
export type DesktopServer =
  { readonly kind: 'embedded' } | { readonly kind: 'remote'; readonly serverUrl: string; readonly token: StoredToken };

/**
 * The server of the settings with its token from the keystore, or the embedded one. A token that is missing, locked in
 * or not to be sent keeps nobody from the page: the source says why, and goes on looking.
 */
export async function chooseServer(
  settings: Pick<Settings, 'serverUrl' | 'allowInsecureHttp'>,
  place: ServerPlace,
): Promise<DesktopServer> {
  const { serverUrl } = settings;
  if (serverUrl === '') return { kind: 'embedded' };
  // Without a token nothing of ours crosses the network in the clear; the page says what to do.
  const open = openHttpRefusal(serverUrl, settings);
  if (open !== null) return { kind: 'remote', serverUrl, token: createStoredToken(null, async () => none(open), open) };
  const kept = await readKept(place);
  const missing = 'refusal' in kept ? kept.refusal : noToken(serverUrl, place.folder);
  const token = createStoredToken('token' in kept ? kept.token : null, lookAgain(serverUrl, place, missing), missing);
  // The page does not wait for a server that may be slow or away.
  if (token.current() === '') token.refresh();
  return { kind: 'remote', serverUrl, token };
}

type Kept = { readonly token: string | null } | { readonly refusal: Refusal };

/** Dropped by whoever manages the machine, else what the keystore holds. */
async function readKept({ folder, secret }: ServerPlace): Promise<Kept> {
  try {
    return { token: (await takeDropped(join(folder, TOKEN_DROP), secret)) ?? (await secret.read()) };
  } catch (error) {
    if (error instanceof StartError) return { refusal: error.refusal };
    throw error;
  }
}

/** Also the rotation: a new one-time token beside a refused token is exchanged. One that was refused is not sent again. */
function lookAgain(serverUrl: string, place: ServerPlace, missing: Refusal): (inUse: string) => Promise<FoundToken> {
  let spent: { readonly oneTimeToken: string; readonly refusal: Refusal } | null = null;
  // Read now: once the agent works the journal is its own.
  const installation = place.enrolmentTokenFile === undefined ? null : installationOf(join(place.folder, 'agent'));
  return async (inUse) => {
    const kept = await readKept(place);
    if ('token' in kept && kept.token !== null && kept.token !== inUse) return { kind: 'found', token: kept.token };
    const { enrolmentTokenFile: file, secret, network = {} } = place;
    const oneTimeToken = file === undefined ? null : readOneTimeToken(file);
    if (file === undefined || oneTimeToken === null || installation === null) {
      return inUse === '' ? none('refusal' in kept ? kept.refusal : missing) : { kind: 'kept' };
    }
    if (oneTimeToken === spent?.oneTimeToken) return none(spent.refusal);
    const answer = await enrol(createNetworkFetch(network), {
      serverUrl,
      oneTimeToken,
      installation,
      proxyUrl: network.proxyUrl,
    });
    if (answer.kind === 'refused') spent = { oneTimeToken, refusal: answer.refusal };
    if (answer.kind !== 'enrolled') return none(answer.refusal);
    await secret.write(answer.token);
    removeOneTimeToken(file);
    return { kind: 'found', token: answer.token };
  };
}

const none = (refusal: Refusal): FoundToken => ({ kind: 'none', refusal });

const noToken = (serverUrl: string, folder: string): Refusal => ({
  code: 'TOKEN_MISSING',
  message: `There is no token for ${serverUrl} yet.`,
  nextStep: `Pair with the server in the settings, or put its agent token into ${join(folder, TOKEN_DROP)}.`,
});

async function takeDropped(file: string, secret: SecretStore): Promise<string | null> {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
  if (token === '') return null;
  await secret.write(token);
  rmSync(file);
  return token;
}
