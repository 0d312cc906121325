import type { Command } from 'commander';

/** How a command that asks a running server is told where it is, and whose token is shown to it (admin-access.ts). */
export function addServerAccess(command: Command, exitHelp: string): Command {
  return command
    .option('--server <url>', 'address of the server', 'http://127.0.0.1:4180')
    .option('--token-file <file>', 'file with an operator’s token; default: operator-token in the data folder')
    .option('--data <dir>', 'data folder of a server on this machine')
    .option('--ca-file <file>', 'PEM file with authorities that are trusted besides the system’s')
    .addHelpText('after', exitHelp);
}
