import { join } from 'node:path';
import { loadOrCreateToken } from '../../server/auth/token-files.ts';
import {
  USUAL_AGENT_CALLS,
  USUAL_OPEN_UPLOAD_BYTES,
  USUAL_RESERVE_BYTES,
  type ServerOptions,
} from '../../server/options.ts';
import { createServer } from '../../server/server.ts';
import { serverFolder } from './admin-access.ts';
import { derivedOf, type DerivedOptions } from './derived-option.ts';
import { postgresOf } from './database-option.ts';
import { EXIT } from './exit.ts';
import { MACHINE_TOOLS } from './machine-tools.ts';
import { watchOptions } from '../compose/work/watch-options.ts';
import type { MediaRootSetting } from '../../shared/settings.ts';
import { createFileLog } from '../compose/log-file.ts';
import { pageFolder } from './page-folder.ts';
import { listenForStop } from './signals.ts';
import { printOut } from './print.ts';
import { readSecretOption } from './secret-option.ts';
import { tellOf } from './tell-option.ts';
import { RefusedError } from '../../shared/failure.ts';
import { defined } from '../../shared/objects.ts';

interface ServerCommandOptions extends DerivedOptions {
  readonly port: number;
  readonly host: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly behindProxy: boolean;
  readonly data?: string;
  readonly database?: string;
  readonly databasePasswordFile?: string;
  readonly tokenFile?: string;
  readonly mediaRoot: readonly MediaRootSetting[];
  /** False: `--no-shared-token`. */
  readonly sharedToken: boolean;
  /** False: `--no-operator-token`. */
  readonly operatorToken: boolean;
  readonly lease?: number;
  readonly maxAttempts?: number;
  /** Days. */
  readonly keepRecords?: number;
  readonly keepDerived?: number;
  readonly keepJobs?: number;
  readonly keepLedger?: number;
  /** File of who is told of what. */
  readonly tell?: string;
  readonly metricsTokenFile?: string;
  readonly accessLog: boolean;
  readonly agentCalls?: number;
  /** GiB. */
  readonly agentUploads?: number;
  /** False: `--no-page`. */
  readonly page: boolean;
}

/** `rushcatalog-agent server`: the embedded server alone, for a team. Runs until a signal; returns the exit code. */
export async function serverCommand(options: ServerCommandOptions): Promise<number> {
  const signals = listenForStop();
  const dataDir = serverFolder(options.data);
  const tokenFile = options.tokenFile ?? join(dataDir, 'agent-token');
  const server = await createServer({
    dataDir,
    ...postgresOf(options),
    ...derivedOf(options),
    host: options.host,
    port: options.port,
    ...tlsOf(options),
    behindProxy: options.behindProxy,
    ...(options.sharedToken ? { agentToken: await loadOrCreateToken(tokenFile) } : { sharedAgentToken: false }),
    sharedOperatorToken: options.operatorToken,
    log: createFileLog(join(dataDir, 'logs'), 'server'),
    reserveBytes: USUAL_RESERVE_BYTES,
    ...defined({ leaseSeconds: options.lease, maxAttempts: options.maxAttempts }),
    ...retentionOf(options),
    ...tellOf(options.tell),
    watch: watchOptions(() => options.mediaRoot, MACHINE_TOOLS),
    metrics: defined({ token: readOptional(options.metricsTokenFile, 'file with the token for metrics') }),
    accessLog: options.accessLog,
    agentCallsPerMinute: options.agentCalls ?? USUAL_AGENT_CALLS,
    openUploadBytes: options.agentUploads === undefined ? USUAL_OPEN_UPLOAD_BYTES : options.agentUploads * 1024 ** 3,
    ...(options.page ? { pageDir: pageFolder('console') } : {}),
  });
  printOut([
    `RushCatalog server: ${server.url}`,
    ...(options.page ? [`Page:               ${server.url}/ (sign in with an operator’s name and token)`] : []),
    ...(options.database === undefined ? [] : [`Database:           ${options.database}`]),
    ...(options.derived === undefined ? [] : [`Derived files:      ${options.derived}`]),
    ...options.mediaRoot.map(({ name, path }) => `Media root:         ${name} is ${path}`),
    `Agent token:        ${options.sharedToken ? tokenFile : 'none; only agents that enrolled are let in'}`,
    `Operator token:     ${options.operatorToken ? join(dataDir, 'operator-token') : 'none; only operators by name are let in'}`,
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

function tlsOf({ tlsCert, tlsKey }: ServerCommandOptions): Pick<ServerOptions, 'tls'> {
  if (tlsCert === undefined && tlsKey === undefined) return {};
  if (tlsCert !== undefined && tlsKey !== undefined) return { tls: { certFile: tlsCert, keyFile: tlsKey } };
  throw new RefusedError({
    code: 'TLS_UNUSABLE',
    message: 'A certificate and its key go together.',
    nextStep: 'Name both: --tls-cert FILE --tls-key FILE.',
  });
}

const readOptional = (file: string | undefined, what: string): string | undefined =>
  file === undefined ? undefined : readSecretOption(file, what);

function retentionOf({ keepRecords, keepDerived, keepJobs, keepLedger }: ServerCommandOptions): Partial<ServerOptions> {
  return {
    ...defined({
      retentionDays: keepRecords,
      derivedRetentionDays: keepDerived,
      jobRetentionDays: keepJobs,
      ledgerRetentionDays: keepLedger,
    }),
  };
}
