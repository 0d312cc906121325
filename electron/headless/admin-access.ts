import { join, resolve } from 'node:path';
import { openHttpRefusal } from '../agent/server/open-http.ts';
import { createNetworkFetch } from '../agent/server/network-fetch.ts';
import { networkFacts } from '../compose/network/network-facts.ts';
import { parseServerUrl } from './agent-options.ts';
import { CommandError } from './exit.ts';
import { dataFolder } from './folders.ts';
import { readSecretOption } from './secret-option.ts';

/** Where a running server is, and whose token is shown to it. */
export interface AdminOptions {
  readonly server: string;
  readonly tokenFile?: string;
  readonly data?: string;
  readonly caFile?: string;
}

interface AdminAccess {
  readonly send: typeof fetch;
  readonly serverUrl: string;
  readonly token: string;
}

export const serverFolder = (data: string | undefined): string => data ?? join(dataFolder(), 'server');

/** How an admin's calls reach a running server. @throws CommandError, RefusedError */
export async function adminAccess({ server, tokenFile, data, caFile }: AdminOptions): Promise<AdminAccess> {
  const serverUrl = parseServerUrl(server);
  const open = openHttpRefusal(serverUrl, { allowInsecureHttp: false });
  if (open !== null) throw new CommandError(open);
  const token = readSecretOption(tokenFile ?? join(serverFolder(data), 'operator-token'), 'file with an admin’s token');
  const trusted = caFile === undefined ? {} : { caFile: resolve(caFile) };
  const { facts, problem } = await networkFacts({ proxyMode: 'system', noProxy: [], ...trusted }, serverUrl);
  if (problem !== undefined) throw new CommandError(problem);
  return { send: createNetworkFetch(facts), serverUrl, token };
}
