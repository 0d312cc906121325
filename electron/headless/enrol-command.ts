import { mkdirSync } from 'node:fs';
import { defined } from '../../shared/objects.ts';
import { join, resolve } from 'node:path';
import { installationOf } from '../agent/server/installation-id.ts';
import { enrol } from '../agent/server/enrolment.ts';
import { createNetworkFetch } from '../agent/server/network-fetch.ts';
import { readOneTimeToken, removeOneTimeToken } from '../compose/enrol.ts';
import { networkFacts } from '../compose/network/network-facts.ts';
import { openHttpRefusal } from '../agent/server/open-http.ts';
import { openSettings, readManaged } from '../compose/policy/managed-settings.ts';
import { tokenFileStore } from '../compose/token-file.ts';
import { parseServerUrl } from './agent-options.ts';
import { enrolledTokenFile } from './agent-setup.ts';
import { CommandError, EXIT } from './exit.ts';
import { dataFolder } from './folders.ts';
import { printOut } from './print.ts';

interface EnrolCommandOptions {
  readonly server?: string;
  readonly tokenFile: string;
  readonly work?: string;
  readonly saveTo?: string;
  readonly proxy?: string;
  readonly caFile?: string;
  readonly allowInsecureHttp: boolean;
}

/**
 * `rushcatalog-agent enrol`: exchanges a one-time token for this machine's own, which replaces an earlier one at the
 * server. The tokens are read and written in files only: arguments are public.
 */
export async function enrolCommand(options: EnrolCommandOptions): Promise<number> {
  const workFolder = resolve(options.work ?? join(dataFolder(), 'agent'));
  mkdirSync(workFolder, { recursive: true, mode: 0o700 });
  const managed = readManaged(
    defined({
      serverUrl: options.server === undefined ? undefined : parseServerUrl(options.server),
      allowInsecureHttp: options.allowInsecureHttp || undefined,
      proxyMode: options.proxy === undefined ? undefined : 'manual',
      proxyUrl: options.proxy,
      caFile: options.caFile === undefined ? undefined : resolve(options.caFile),
    }),
  );
  const { values } = openSettings(join(workFolder, 'settings.json'), managed).view();
  if (values.serverUrl === '') throw new CommandError(managed.problem ?? NO_SERVER);
  const { serverUrl } = values;
  const open = openHttpRefusal(serverUrl, values);
  if (open !== null) throw new CommandError(open);
  const oneTimeToken = readOneTimeToken(options.tokenFile);
  if (oneTimeToken === null) throw new CommandError(noToken(options.tokenFile));
  const network = await networkFacts(values, serverUrl);
  if (network.problem !== undefined) throw new CommandError(network.problem);
  const answer = await enrol(createNetworkFetch(network.facts), {
    serverUrl,
    oneTimeToken,
    installation: installationOf(workFolder),
    proxyUrl: network.facts.proxyUrl,
  });
  if (answer.kind !== 'enrolled') throw new CommandError(answer.refusal, EXIT.failed);
  const file = resolve(options.saveTo ?? enrolledTokenFile(workFolder));
  const kept = await tokenFileStore(file).keep(serverUrl, answer.token);
  if ('refusal' in kept) throw new CommandError(kept.refusal, EXIT.failed);
  removeOneTimeToken(options.tokenFile);
  printOut(`Enrolled with ${serverUrl}; the token of this machine is in ${file}.`);
  return EXIT.ok;
}

const NO_SERVER = {
  code: 'SERVER_MISSING',
  message: 'No server is named.',
  nextStep: 'Give its address with --server, in the policy (“serverUrl”) or in RUSHCATALOG_SERVER_URL.',
};

const noToken = (file: string) => ({
  code: 'ENROLMENT_TOKEN_MISSING',
  message: `There is no one-time token in ${file}.`,
  nextStep: 'Write the one that the server gave (POST /agents/enrollments) into this file.',
});
