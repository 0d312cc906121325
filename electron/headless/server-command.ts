import { existsSync, readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { USUAL_RESERVE_BYTES, type ServerOptions } from '../../server/options.ts';
import { createServer } from '../../server/server.ts';
import { replaceFile } from '../work/storage/durable-file.ts';
import { EXIT } from './exit.ts';
import { dataFolder } from './folders.ts';
import { createFileLog } from '../compose/log-file.ts';
import { listenForStop } from './signals.ts';
import { printOut } from './print.ts';
import { defined } from '../../shared/objects.ts';

interface ServerCommandOptions {
  readonly port: number;
  readonly host: string;
  readonly data?: string;
  readonly tokenFile?: string;
  /** False: `--no-shared-token`. */
  readonly sharedToken: boolean;
  readonly lease?: number;
  readonly maxAttempts?: number;
  /** Days. */
  readonly keepRecords?: number;
  readonly keepDerived?: number;
  readonly keepJobs?: number;
}

/** `rushcatalog-agent server`: the embedded server alone, for a team. Runs until a signal; returns the exit code. */
export async function serverCommand(options: ServerCommandOptions): Promise<number> {
  const signals = listenForStop();
  const dataDir = options.data ?? join(dataFolder(), 'server');
  const tokenFile = options.tokenFile ?? join(dataDir, 'agent-token');
  const server = await createServer({
    dataDir,
    host: options.host,
    port: options.port,
    ...(options.sharedToken ? { agentToken: readOrMakeToken(tokenFile) } : { sharedAgentToken: false }),
    log: createFileLog(join(dataDir, 'logs'), 'server'),
    reserveBytes: USUAL_RESERVE_BYTES,
    ...defined({ leaseSeconds: options.lease, maxAttempts: options.maxAttempts }),
    ...retentionOf(options),
  });
  printOut([
    `RushCatalog server: ${server.url}`,
    `Agent token:        ${options.sharedToken ? tokenFile : 'none; only agents that enrolled are let in'}`,
    `Operator token:     ${join(dataDir, 'operator-token')}`,
    ...(options.sharedToken
      ? [
          `Start an agent:     rushcatalog-agent agent --server ${server.url} --token-file ${tokenFile} --media-root NAME=PATH`,
        ]
      : [`Enrol an agent:     rushcatalog-agent enrol --server ${server.url} --token-file ONE-TIME-TOKEN`]),
  ]);
  await signals.first;
  await server.close();
  return EXIT.ok;
}

function retentionOf({ keepRecords, keepDerived, keepJobs }: ServerCommandOptions): Partial<ServerOptions> {
  return {
    ...defined({ retentionDays: keepRecords, derivedRetentionDays: keepDerived, jobRetentionDays: keepJobs }),
  };
}

/** The file is made on the first start, so that server and agent can be given the same one. */
function readOrMakeToken(file: string): string {
  if (existsSync(file)) {
    const token = readFileSync(file, 'utf8').trim();
    if (token !== '') return token;
  }
  const token = randomBytes(32).toString('base64url');
  replaceFile(file, `${token}\n`);
  return token;
}
