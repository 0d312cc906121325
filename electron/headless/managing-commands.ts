import type { Command } from 'commander';
import { configCheckCommand, configShowCommand } from './config-command.ts';
import { configSetCommand } from './config-set-command.ts';
import { enrolCommand } from './enrol-command.ts';

type Finish = (code: number) => void;

/** `enrol`: zero-touch and by hand. */
export function addEnrol(program: Command, finish: Finish, exitHelp: string): void {
  program
    .command('enrol')
    .description('Exchanges a one-time token for this machine’s own token; an earlier one is good until that is used.')
    .option('--server <url>', 'address of the server; default: the one of the policy or the settings')
    .requiredOption('--token-file <file>', 'file with the one-time token; removed after use')
    .option('--save-to <file>', 'where the token goes; default: “token” in the work folder')
    .option('--work <dir>', 'work folder of the agent')
    .option('--proxy <url>', 'proxy to the server, without a password')
    .option('--ca-file <file>', 'PEM file with authorities that are trusted besides the system’s')
    .option('--allow-insecure-http', 'let the token travel over plain http beyond this machine', false)
    .addHelpText('after', exitHelp)
    .action(async (options) => finish(await enrolCommand(options)));
}

/** `config show`, `config set`, `config unset` and `config check`. */
export function addConfig(program: Command, finish: Finish, exitHelp: string): void {
  const config = program.command('config').description('What is set on this machine, and by whom.');
  config
    .command('show')
    .description('Shows every setting in force with its origin: policy, argument, environment, user or default.')
    .option('--work <dir>', 'work folder of the agent')
    .option('--json', 'print it as JSON', false)
    .addHelpText('after', exitHelp)
    .action((options) => finish(configShowCommand(options)));
  config
    .command('check')
    .description('Tells whether a policy file can be used, and names the line where not.')
    .argument('[file]', 'default: the one of this machine')
    .addHelpText('after', exitHelp)
    .action((file: string | undefined) => finish(configCheckCommand(file)));
  config
    .command('set')
    .description('Changes a setting of this account’s agent: of the running one at once, else in its settings file.')
    .argument('<name>', 'as “config show” spells it')
    .argument('<value>', 'a word, a number, or JSON')
    .option('--work <dir>', 'work folder of the agent')
    .addHelpText('after', exitHelp)
    .action(async (name: string, value: string, options) => finish(await configSetCommand(name, value, options)));
  config
    .command('unset')
    .description('Takes a change back: what IT presets, or the default, is in force again.')
    .argument('<name>', 'as “config show” spells it')
    .option('--work <dir>', 'work folder of the agent')
    .addHelpText('after', exitHelp)
    .action(async (name: string, options) => finish(await configSetCommand(name, null, options)));
}
