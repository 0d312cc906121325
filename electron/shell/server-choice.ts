import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../shared/settings.ts';
import { installationIdOf } from '../agent/installation-id.ts';
import { StartError } from '../agent/journal/database.ts';
import type { NetworkFacts } from '../agent/server/network-fetch.ts';
import { fixedToken } from '../agent/token-source.ts';
import { enrol, readOneTimeToken, removeOneTimeToken } from '../compose/enrol.ts';
import { refuseOpenHttp } from '../compose/open-http.ts';
import type { ServerChoice } from '../compose/station.ts';
import type { SecretStore } from './secrets.ts';

/** A token that whoever manages the machine puts here is taken into the keystore at the next start, and removed. */
export const TOKEN_DROP = 'server-token.txt';

export interface ServerPlace {
  /** Data folder. */
  readonly folder: string;
  readonly secret: SecretStore;
  /** The policy's one-time token, for a machine that has none of its own yet. */
  readonly enrolmentTokenFile?: string | undefined;
  readonly network?: NetworkFacts;
}

/** The server of the settings with its token from the keystore, or the embedded one. Throws StartError. */
export async function chooseServer(
  settings: Pick<Settings, 'serverUrl' | 'allowInsecureHttp'>,
  place: ServerPlace,
): Promise<ServerChoice> {
  const { serverUrl, allowInsecureHttp } = settings;
  const { folder, secret } = place;
  if (serverUrl === '') return { kind: 'embedded' };
  refuseOpenHttp(serverUrl, allowInsecureHttp);
  const bare = serverUrl.replace(/\/+$/, '');
  const kept = (await takeDropped(join(folder, TOKEN_DROP), secret)) ?? (await secret.read());
  const token = kept ?? (await enrolHere(bare, place));
  if (token === null) {
    throw new StartError({
      code: 'TOKEN_MISSING',
      message: `There is no token for ${serverUrl}.`,
      nextStep: `Put the server’s agent token into ${join(folder, TOKEN_DROP)} and start again.`,
    });
  }
  return { kind: 'remote', serverUrl: bare, token: fixedToken(token) };
}

/** Null where the policy names no one-time token. */
async function enrolHere(serverUrl: string, place: ServerPlace): Promise<string | null> {
  const { enrolmentTokenFile: file, folder, secret, network = {} } = place;
  const oneTimeToken = file === undefined ? null : readOneTimeToken(file);
  if (file === undefined || oneTimeToken === null) return null;
  const installationId = installationIdOf(join(folder, 'agent'));
  const answer = await enrol({ serverUrl, oneTimeToken, installationId, network });
  if (answer.kind !== 'enrolled') throw new StartError(answer.refusal);
  await secret.write(answer.token);
  removeOneTimeToken(file);
  return answer.token;
}

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
