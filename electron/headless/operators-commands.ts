import { Option, type Command } from 'commander';
import { OPERATOR_ROLES } from '../../shared/operator-roles.ts';
import {
  addOperatorCommand,
  listOperatorsCommand,
  removeOperatorCommand,
  rotateOperatorCommand,
} from './operators-command.ts';
import { addServerAccess } from './server-access.ts';
import { wholeNumber } from './whole-number.ts';

type Finish = (code: number) => void;

/** `server operators …`: calls of an admin to a running server. */
export function addOperators(server: Command, finish: Finish, exitHelp: string): void {
  const operators = server
    .command('operators')
    .description('People and tools with a token of their own, at a running server.')
    .addHelpText('after', exitHelp);
  const add = (name: string, description: string): Command =>
    addServerAccess(operators.command(name).description(description), exitHelp);
  const withToken = (command: Command): Command =>
    command
      .option('--days <n>', 'how long the token is good', wholeNumber(1, 3_650), 90)
      .option('--no-expiry', 'the token is good until it is rotated')
      .option('--save-to <file>', 'where the token goes, for its user alone; default: it is printed');
  withToken(add('add', 'Makes an operator; the token is told once.'))
    .argument('<name>', 'how the ledger calls them')
    .addOption(
      new Option('--role <role>', 'viewer: looks; operator: also works on jobs; admin: also lets others in')
        .choices(OPERATOR_ROLES)
        .default('operator' as const),
    )
    .action(async (name: string, options) => finish(await addOperatorCommand(name, options)));
  add('list', 'Shows who there is, with role and until when the token is good.')
    .option('--json', 'print it as JSON', false)
    .action(async (options) => finish(await listOperatorsCommand(options)));
  withToken(add('rotate', 'Gives an operator a new token.'))
    .argument('<name>', 'as list shows it')
    .option('--overlap <hours>', 'how long the token they had is good beside it', wholeNumber(0, 720), 0)
    .action(async (name: string, options) => finish(await rotateOperatorCommand(name, options)));
  add('remove', 'Ends an operator and their tokens at once.')
    .argument('<name>', 'as list shows it')
    .action(async (name: string, options) => finish(await removeOperatorCommand(name, options)));
}
