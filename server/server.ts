import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import multipart from '@fastify/multipart';
import fastify, { type FastifyInstance } from 'fastify';
import { createRetentionClock } from '../shared/retention-clock.ts';
import { API_BASE, type OperatorJob } from '../shared/wire.ts';
import { keptAge } from './database/kept-age.ts';
import { purgeAsset } from './assets/derived.ts';
import type { SharedTokens } from './auth/authenticate.ts';
import { loadOrCreateToken } from './auth/token-files.ts';
import { closeIdleBeyond, maxConnections } from './connections.ts';
import type { Context } from './context.ts';
import { openDatabase, type SharedDatabase } from './database/open.ts';
import type { Database } from './database/schema.ts';
import { sha256 } from './hash.ts';
import { insertRawJob, type JobDraft } from './jobs/create-job.ts';
import { readLedger, type LedgerEntry, type LedgerFilter } from './ledger/ledger.ts';
import { createDowntimeDetector, createLeaseClock, followClock, NO_DOWNTIME } from './lease-clock.ts';
import { openApiDocument } from './openapi.ts';
import { settingsOf, type ServerLog, type ServerOptions } from './options.ts';
import { openReserve } from './reserve.ts';
import { resumeAfterStart } from './resume.ts';
import { answerClientError, answerErrors, answerUnrouted } from './routes/errors.ts';
import { serve } from './routes/serve.ts';
import { ROUTES } from './routes/table.ts';
import { ServerStartError } from './start-error.ts';
import { sweep, sweepFiles, type SweepResult } from './sweep.ts';
import { FileStore } from './uploads/file-store.ts';

export interface RunningServer {
  /** Origin without the API's base, e.g. `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly port: number;
  /** The one that agents share; empty where only enrolled ones are let in. */
  readonly agentToken: string;
  readonly operatorToken: string;
  /** Accepted writes, oldest first. */
  ledger(filter?: LedgerFilter): Promise<readonly LedgerEntry[]>;
  /** Ends what time has ended, now; it also runs by itself. */
  sweep(): Promise<SweepResult>;
  /** Puts a job into the queue exactly as given, invalid or not. */
  insertRawJob(draft: JobDraft): Promise<OperatorJob>;
  /** Removes everything derived from an asset for good. */
  purgeAsset(assetUuid: string): Promise<void>;
  /** For tests and tools in this process; the file itself belongs to this process alone. */
  readonly database: Database;
  /** Lets requests in flight finish (bounded), then closes the database. Repeating it is harmless. */
  close(): Promise<void>;
}

const SILENT: ServerLog = { info: () => {}, warn: () => {}, error: () => {} };
/** A request that takes longer than this is given up; 8 MiB pass even at 0.3 Mbit/s. */
const REQUEST_TIMEOUT_MS = 300_000;
/** The head of a request has a few hundred bytes. */
const HEADERS_TIMEOUT_MS = 20_000;

/**
 * Starts the embedded RushCatalog server over a data folder.
 * @throws ServerStartError when the folder, the database or the address cannot be used
 */
export async function createServer(options: ServerOptions): Promise<RunningServer> {
  const log = options.log ?? SILENT;
  await prepareFolder(options.dataDir);
  const { database, shared } = await openDatabase({
    dataDir: options.dataDir,
    postgres: options.postgres,
    silenceMs: silenceOf(options),
    onLostConnection: (error) => log.warn({ err: error }, 'a connection to the database was lost'),
  });
  try {
    const files = new FileStore(options.dataDir, log);
    await files.prepare();
    const removed = await sweepFiles(database, files, shared === null ? undefined : Date.now());
    if (removed > 0) log.info({ removed }, 'left-over files of an earlier run were removed');
    // A database that is elsewhere has no use for room on this disk.
    const reserve = await openReserve(options.dataDir, shared === null ? (options.reserveBytes ?? 0) : 0, log);
    const clocks = await clocksOf(options, shared);
    const context = contextOf({ database, shared, files, log, reserve }, clocks, options);
    await resumeAfterStart(context);
    const agentToken = await sharedAgentToken(options);
    const operatorToken = options.operatorToken ?? (await loadOrCreateToken(join(options.dataDir, 'operator-token')));
    const app = await buildApp(context, {
      agentHash: agentToken === '' ? null : sha256(agentToken),
      operatorHash: sha256(operatorToken),
    });
    const { url, port } = await listen(app, options);
    log.info({ url }, 'the server listens');
    return { url, port, agentToken, operatorToken, database, ...operations(context, app, options, clocks) };
  } catch (error) {
    await database.destroy();
    throw error;
  }
}

async function sharedAgentToken({ sharedAgentToken = true, agentToken, dataDir }: ServerOptions): Promise<string> {
  return sharedAgentToken ? (agentToken ?? (await loadOrCreateToken(join(dataDir, 'agent-token')))) : '';
}

interface Clocks extends Pick<Context, 'clock' | 'leaseTime'> {
  /** Regularly. */
  ask(): Promise<void>;
}

/** Where several processes share a database, its clock is theirs: for leases and for what is recorded. */
async function clocksOf(options: ServerOptions, shared: SharedDatabase | null): Promise<Clocks> {
  const monotonic = (): number => performance.now();
  if (shared !== null && options.clock === undefined) {
    const { now, ask } = await followClock(() => shared.now(), monotonic);
    return { clock: now, leaseTime: now, ask };
  }
  const clock = options.clock ?? Date.now;
  const leaseTime = createLeaseClock(clock, options.monotonic ?? options.clock ?? monotonic);
  return { clock, leaseTime, ask: async () => {} };
}

/** A third of a lease is what passes between two heartbeats; less than two looks of the sweeper says nothing. */
function silenceOf(options: ServerOptions): number | null {
  const lookMs = sweepSeconds(options) * 1_000;
  return lookMs > 0 ? Math.max(settingsOf(options).leaseMs / 3, 2 * lookMs) : null;
}

type Opened = Pick<Context, 'database' | 'shared' | 'files' | 'log' | 'reserve'>;

function contextOf(opened: Opened, { clock, leaseTime }: Clocks, options: ServerOptions): Context {
  const settings = settingsOf(options);
  const limitMs = silenceOf(options);
  const absence = limitMs === null ? NO_DOWNTIME : createDowntimeDetector(clock, leaseTime, limitMs);
  const retention = createRetentionClock(keptAge(opened.database), clock, leaseTime);
  return { ...opened, settings, clock, leaseTime, retention, uuid: randomUUID, absence };
}

const sweepSeconds = (options: ServerOptions): number => options.sweepIntervalSeconds ?? 5;

type Operations = Pick<RunningServer, 'ledger' | 'sweep' | 'insertRawJob' | 'purgeAsset' | 'close'>;

function operations(context: Context, app: FastifyInstance, options: ServerOptions, clocks: Clocks): Operations {
  const sweeper = startSweeper(context, sweepSeconds(options), clocks);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await sweeper.stop();
    const grace = setTimeout(() => app.server.closeAllConnections(), options.closeGraceMs ?? 10_000);
    await app.close().finally(() => clearTimeout(grace));
    await context.database.destroy();
  };
  return {
    ledger: (filter) => readLedger(context.database, filter),
    sweep: () => sweep(context),
    insertRawJob: (draft) => insertRawJob(context, draft),
    purgeAsset: (assetUuid) => purgeAsset(context, assetUuid),
    close: () => (closing ??= close()),
  };
}

async function prepareFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ServerStartError(
      'DATA_FOLDER_UNUSABLE',
      `The data folder ${dataDir} cannot be written (${why}).`,
      'Choose another data folder, or give this user the right to write there.',
      { cause: error },
    );
  }
}

/** The calls over a context, not listening yet. */
export async function buildApp(context: Context, shared: SharedTokens): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: HEADERS_TIMEOUT_MS / 2 },
    frameworkErrors: answerUnrouted,
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: 200 },
  });
  closeIdleBeyond(app.server, maxConnections());
  app.removeAllContentTypeParsers();
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // A client that always names JSON may send nothing: claim and cancel have no body.
    if (body === '') done(null, undefined);
    else parseJson(request, String(body), done);
  });
  await app.register(multipart, { throwFileSizeLimit: false });
  answerErrors(app, context.log);
  app.addHook('onSend', async (_request, reply) => {
    // Clients measure a lease as locked_until minus Date: both are the wall clock's, whatever it says.
    reply.header('date', new Date(context.clock()).toUTCString());
  });
  for (const route of ROUTES) serve(app, context, shared, route);
  app.get(`${API_BASE}/openapi.json`, async () => openApiDocument());
  return app;
}

async function listen(app: FastifyInstance, options: ServerOptions): Promise<{ url: string; port: number }> {
  const host = options.host ?? '127.0.0.1';
  try {
    await app.listen({ host, port: options.port ?? 0 });
  } catch (error) {
    await app.close();
    // What `listen` rejects with.
    throw startErrorOf(error as NodeJS.ErrnoException, host, options.port ?? 0);
  }
  // Listening on a port, so neither null nor the path of a pipe.
  const { port } = app.server.address() as AddressInfo;
  // "Any address" is not an address one can call.
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return { url: `http://${name.includes(':') ? `[${name}]` : name}:${port}`, port };
}

function startErrorOf(error: NodeJS.ErrnoException, host: string, port: number): ServerStartError {
  if (error.code === 'EADDRINUSE') {
    return new ServerStartError(
      'PORT_IN_USE',
      `Port ${port} on ${host} is already in use.`,
      'Choose another port, or stop the program that uses it; port 0 takes any free one.',
      { cause: error },
    );
  }
  return new ServerStartError(
    'ADDRESS_UNAVAILABLE',
    `The server cannot listen on ${host}, port ${port} (${error.code ?? error.message}).`,
    'Choose an address of this machine and a port above 1023.',
    { cause: error },
  );
}

function startSweeper(context: Context, intervalSeconds: number, clocks: Clocks): { stop(): Promise<void> } {
  if (intervalSeconds <= 0) return { stop: async () => {} };
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = sweepQuietly(context, clocks).finally(() => {
      busy = false;
    });
  }, intervalSeconds * 1_000);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

async function sweepQuietly(context: Context, clocks: Clocks): Promise<void> {
  try {
    await clocks.ask();
    await sweep(context);
  } catch (error) {
    context.log.error({ err: error }, 'the sweep failed; it is tried again');
  }
}
