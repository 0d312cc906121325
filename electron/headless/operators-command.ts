import { resolve } from 'node:path';
import type { Refusal } from '../../shared/failure.ts';
import type { OperatorEntry, OperatorRole, OperatorToken } from '../../shared/operator-roles.ts';
import { createOperatorsClient, type OperatorsClient } from '../compose/operator/operators-client.ts';
import { tokenFileStore } from '../compose/token-file.ts';
import { adminAccess, type AdminOptions } from './admin-access.ts';
import { CommandError, EXIT } from './exit.ts';
import { printJson, printOut } from './print.ts';

interface TokenOptions extends AdminOptions {
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
export async function removeOperatorCommand(name: string, options: AdminOptions): Promise<number> {
  const client = await clientOf(options);
  orRefuse(await client.remove(name));
  printOut(`${name} is no operator any more.`);
  return EXIT.ok;
}

/** `server operators list`: who has a token, and until when. */
export async function listOperatorsCommand(options: AdminOptions & { readonly json: boolean }): Promise<number> {
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

async function clientOf(options: AdminOptions): Promise<OperatorsClient> {
  const { send, serverUrl, token } = await adminAccess(options);
  return createOperatorsClient(send, serverUrl, token);
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
