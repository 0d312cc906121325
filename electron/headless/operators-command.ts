import { join, resolve } from 'node:path';
import type { Refusal } from '../../shared/failure.ts';
import type { OperatorEntry, OperatorRole, OperatorToken } from '../../shared/operator-roles.ts';
import { openHttpRefusal } from '../agent/server/open-http.ts';
import { createNetworkFetch } from '../agent/server/network-fetch.ts';
import { networkFacts } from '../compose/network/network-facts.ts';
import { createOperatorsClient, type OperatorsClient } from '../compose/operator/operators-client.ts';
import { tokenFileStore } from '../compose/token-file.ts';
import { parseServerUrl } from './agent-options.ts';
import { CommandError, EXIT } from './exit.ts';
import { dataFolder } from './folders.ts';
import { printJson, printOut } from './print.ts';
import { readSecretOption } from './secret-option.ts';

/** Where the server is, and whose token is shown to it. */
interface OperatorsOptions {
  readonly server: string;
  readonly tokenFile?: string;
  readonly data?: string;
  readonly caFile?: string;
}

interface TokenOptions extends OperatorsOptions {
  readonly days: number;
  /** False: `--no-expiry`. */
  readonly expiry: boolean;
  readonly saveTo?: string;
}

/** `server operators add`: makes an operator, whose token is told once. */
export async function addOperatorCommand(
  name: string,
  options: TokenOptions & { readonly role: OperatorRole },
): Promise<number> {
  const client = await clientOf(options);
  return tell(orRefuse(await client.add({ name, role: options.role, days: daysOf(options) })), options);
}

/** `server operators rotate`: gives an operator a new token. */
export async function rotateOperatorCommand(
  name: string,
  options: TokenOptions & { readonly overlap: number },
): Promise<number> {
  const client = await clientOf(options);
  const request = { days: daysOf(options), overlap_hours: options.overlap };
  return tell(orRefuse(await client.rotate(name, request)), options);
}

/** `server operators remove`: ends an operator and their tokens at once. */
export async function removeOperatorCommand(name: string, options: OperatorsOptions): Promise<number> {
  const client = await clientOf(options);
  orRefuse(await client.remove(name));
  printOut(`${name} is no operator any more.`);
  return EXIT.ok;
}

/** `server operators list`: who has a token, and until when. */
export async function listOperatorsCommand(options: OperatorsOptions & { readonly json: boolean }): Promise<number> {
  const client = await clientOf(options);
  const operators = orRefuse(await client.list());
  if (options.json) printJson(operators);
  else if (operators.length === 0)
    printOut('Nobody has a token of their own; the one in the data folder is an admin’s.');
  else printOut(operators.map(lineOf));
  return EXIT.ok;
}

const daysOf = ({ days, expiry }: TokenOptions): number | null => (expiry ? days : null);

const lineOf = ({ name, role, expires_at }: OperatorEntry): string =>
  `${name.padEnd(24)} ${role.padEnd(9)} ${expires_at === undefined ? 'does not expire' : `until ${expires_at}`}`;

async function clientOf({ server, tokenFile, data, caFile }: OperatorsOptions): Promise<OperatorsClient> {
  const serverUrl = parseServerUrl(server);
  const open = openHttpRefusal(serverUrl, { allowInsecureHttp: false });
  if (open !== null) throw new CommandError(open);
  const file = tokenFile ?? join(data ?? join(dataFolder(), 'server'), 'operator-token');
  const token = readSecretOption(file, 'file with an admin’s token');
  const settings = {
    proxyMode: 'system',
    noProxy: [],
    ...(caFile === undefined ? {} : { caFile: resolve(caFile) }),
  } as const;
  const { facts, problem } = await networkFacts({ ...settings, noProxy: [] }, serverUrl);
  if (problem !== undefined) throw new CommandError(problem);
  return createOperatorsClient(createNetworkFetch(facts), serverUrl, token);
}

function orRefuse<T>(answer: { readonly value: T } | { readonly refusal: Refusal }): T {
  if ('refusal' in answer) throw new CommandError(answer.refusal, EXIT.failed);
  return answer.value;
}

async function tell({ token, ...entry }: OperatorToken, { saveTo, server }: TokenOptions): Promise<number> {
  if (saveTo === undefined) {
    printOut([lineOf(entry), 'The token, which is told once:', token]);
    return EXIT.ok;
  }
  const file = resolve(saveTo);
  const kept = await tokenFileStore(file).keep(server, token);
  if ('refusal' in kept) throw new CommandError(kept.refusal, EXIT.failed);
  printOut([lineOf(entry), `The token is in ${file}.`]);
  return EXIT.ok;
}
