import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../shared/settings.ts';
import { StartError } from '../agent/journal/database.ts';
import { fixedToken } from '../agent/token-source.ts';
import { refuseOpenHttp } from '../compose/open-http.ts';
import type { ServerChoice } from '../compose/station.ts';
import type { SecretStore } from './secrets.ts';

/** A token that whoever manages the machine puts here is taken into the keystore at the next start, and removed. */
export const TOKEN_DROP = 'server-token.txt';

/** The server of the settings with its token from the keystore, or the embedded one. Throws StartError. */
export async function chooseServer(
  settings: Pick<Settings, 'serverUrl' | 'allowInsecureHttp'>,
  folder: string,
  secret: SecretStore,
): Promise<ServerChoice> {
  const { serverUrl, allowInsecureHttp } = settings;
  if (serverUrl === '') return { kind: 'embedded' };
  refuseOpenHttp(serverUrl, allowInsecureHttp);
  const token = (await takeDropped(join(folder, TOKEN_DROP), secret)) ?? (await secret.read());
  if (token === null) {
    throw new StartError({
      code: 'TOKEN_MISSING',
      message: `There is no token for ${serverUrl}.`,
      nextStep: `Put the server’s agent token into ${join(folder, TOKEN_DROP)} and start again.`,
    });
  }
  return { kind: 'remote', serverUrl: serverUrl.replace(/\/+$/, ''), token: fixedToken(token) };
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
