import type { Command } from 'commander';
import { addDerived } from './derived-option.ts';
import { addMediaRoots } from './media-root-option.ts';
import { addOperators } from './operators-commands.ts';
import { serverCommand } from './server-command.ts';
import { addUpkeep } from './upkeep-commands.ts';
import { wholeNumber } from './whole-number.ts';

type Finish = (code: number) => void;

/** `server`, and what looks after its catalogue. */
export function addServer(program: Command, finish: Finish, exitHelp: string): void {
  const server = addDerived(
    program.command('server'),
    'an S3 bucket in place of the folder for derived files: s3://BUCKET/PREFIX',
  )
    .description('Runs the embedded RushCatalog server alone, for a team.')
    .option('--port <port>', 'port to listen on (0: any)', wholeNumber(0, 65_535), 4180)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option(
      '--tls-cert <file>',
      'certificate with its chain, in PEM: serves HTTPS; a renewed file is taken while it runs',
    )
    .option('--tls-key <file>', 'private key of the certificate, in PEM, which not everybody may read')
    .option(
      '--behind-proxy',
      'a proxy in front of it has the TLS: plain HTTP may be listened to beyond this machine',
      false,
    )
    .option('--data <dir>', 'data folder: database, derived files, tokens')
    .option(
      '--database <url>',
      'a PostgreSQL in place of the database in the data folder: postgres://USER@HOST:5432/NAME, without a password',
    )
    .option(
      '--database-password-file <file>',
      'file with the password of the PostgreSQL; else RUSHCATALOG_DATABASE_PASSWORD is read',
    )
    .option('--token-file <file>', 'file with the agent token; made when it is missing')
    .option('--no-shared-token', 'let in only agents that enrolled: there is no token that agents share')
    .option('--no-operator-token', 'let in only operators by name: the token in the data folder is no admin’s any more')
    .option('--lease <seconds>', 'length of a lease', wholeNumber(2, 86_400))
    .option('--max-attempts <n>', 'attempts until a job has failed', wholeNumber(1, 100))
    .option(
      '--metrics-token-file <file>',
      'file with a token that may read /metrics beyond this machine, and nothing else',
    )
    .option(
      '--agent-calls <n>',
      'calls that one agent may make in a minute at this process, beside those for its leases and results; default: 6,000',
      wholeNumber(60, 1_000_000),
    )
    .option(
      '--agent-uploads <gib>',
      'what one agent may have under way in uploads of the jobs that it holds; default: 256',
      wholeNumber(1, 1_000_000),
    )
    .option(
      '--tell <file>',
      'JSON file of who is told of failures, of what is done and of states of health, by webhook or mail; which not everybody may read',
    )
    .option('--no-page', 'serve no page for operators: only the calls of agents and tools')
    .option('--access-log', 'write a line to the log for each call', false)
    .addHelpText('after', exitHelp)
    .action(async (options) => finish(await serverCommand(options)));
  addMediaRoots(server, 'a folder of media that rules may watch, and its name in source paths');
  addKeeping(server);
  addOperators(server, finish, exitHelp);
  addUpkeep(server, finish, exitHelp);
}

function addKeeping(server: Command): void {
  server
    .option(
      '--keep-records <days>',
      'how long request keys, ended uploads and files that no result named are kept; default: 14',
      wholeNumber(1, 36_500),
    )
    .option(
      '--keep-derived <days>',
      'how long derived files are kept after they were accepted; default: for good',
      wholeNumber(1, 36_500),
    )
    .option(
      '--keep-jobs <days>',
      'how long ended jobs without derived files are kept; default: for good',
      wholeNumber(1, 36_500),
    )
    .option(
      '--keep-ledger <days>',
      'how long lines of the ledger are kept, at least 30; default: for good',
      wholeNumber(30, 36_500),
    );
}
