import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addDerived } from './derived-option.ts';
import { backupCommand, checkCommand, moveCommand, restoreCommand, scrubCommand } from './upkeep-command.ts';

type Finish = (code: number) => void;

const absolute = (path: string): string => resolve(path);

/** `server backup`, `restore`, `check`, `scrub` and `move`: what looks after a catalogue. */
export function addUpkeep(server: Command, finish: Finish, exitHelp: string): void {
  const place = (name: string, description: string): Command =>
    server
      .command(name)
      .description(description)
      .option('--data <dir>', 'data folder: database, derived files, tokens')
      .option('--database-password-file <file>', 'file with the password of the PostgreSQL')
      .addHelpText('after', exitHelp);
  const catalogue = (name: string, description: string, derived = 'its derived files are in s3://BUCKET/PREFIX') =>
    addDerived(place(name, description).option('--database <url>', 'the catalogue is in this PostgreSQL'), derived);
  const served = (name: string, description: string): Command =>
    catalogue(name, description)
      .option('--server <url>', 'ask the server that is running there; without it none may run on the data folder')
      .option('--token-file <file>', 'file with an operator’s token for it; default: the one in the data folder')
      .option('--ca-file <file>', 'PEM file with authorities that are trusted besides the system’s');
  const look = (name: string, description: string): Command =>
    served(name, description)
      .option('--hashes', 'read every file and compare what is in it', false)
      .option('--json', 'print what is found as JSON', false);
  served('backup', 'Writes every row of the catalogue, as it is at one moment, into a file; while it is served, too.')
    .argument('<file>', 'where it goes')
    .action(async (file: string, options) => finish(await backupCommand(absolute(file), options)));
  catalogue(
    'restore',
    'Writes a backup into an empty data folder or an empty PostgreSQL, and compares what is there.',
    'its derived files are here now: folder, or s3://BUCKET/PREFIX; default: where they were',
  )
    .argument('<file>', 'what “server backup” made')
    .action(async (file: string, options) => finish(await restoreCommand(absolute(file), options)));
  look(
    'check',
    'Holds rows against derived files: missing, of another size, left over; exit code 1 where there are any.',
  ).action(async (options) => finish(await checkCommand(options)));
  look('scrub', 'Offers the jobs of missing or damaged derived files again.')
    .option('--force', 'also where more than a tenth of all files is missing', false)
    .action(async (options) => finish(await scrubCommand(options)));
  catalogue(
    'move',
    'Moves the catalogue of a data folder from SQLite into an empty PostgreSQL, its derived files into another store, or both, and compares them there.',
    'where derived files go: s3://BUCKET/PREFIX, or folder',
  )
    .option('--to <url>', 'where the catalogue goes: postgres://USER@HOST:5432/NAME, without a password')
    .action(async (options) => finish(await moveCommand(options)));
}
