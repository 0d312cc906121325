import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { ON_LOOPBACK, type PagePlace } from '../web/own-page.ts';
import { listStaticFiles } from '../web/static-files.ts';
import { createRetentionClock } from '../shared/retention-clock.ts';
import type { OperatorJob } from '../shared/wire.ts';
import { buildApp, type Watchers } from './app.ts';
import { keptAge } from './database/kept-age.ts';
import { purgeAsset } from './assets/derived.ts';
import type { PageAccess } from './auth/page-sessions.ts';
import { loadOrCreateToken } from './auth/token-files.ts';
import type { Context } from './context.ts';
import { prepareFolder } from './data-folder.ts';
import { openDerived } from './derived/open.ts';
import { settleDerived } from './derived/settle.ts';
import { openDatabase, type SharedDatabase } from './database/open.ts';
import type { Database } from './database/schema.ts';
import { sha256 } from './hash.ts';
import { insertRawJob, type JobDraft } from './jobs/create-job.ts';
import { readLedger, type LedgerEntry, type LedgerFilter } from './ledger/ledger.ts';
import { createDowntimeDetector, createLeaseClock, followClock, NO_DOWNTIME } from './lease-clock.ts';
import { listen, refuseExposed } from './listen.ts';
import { NO_METER } from './meter.ts';
import type { Metrics } from './operate/metrics.ts';
import { settingsOf, type ServerLog, type ServerOptions } from './options.ts';
import { SHARED_OPERATOR } from './operators/operators.ts';
import { openReserve } from './reserve.ts';
import { resumeAfterStart } from './resume.ts';
import { sweepFiles } from './sweep-files.ts';
import { sweep, type SweepResult } from './sweep.ts';
import { startRules, type RulesRunner } from './rules/watch-rules.ts';
import { startTelling } from './tell/tell.ts';
import { readCertificate, renewing, type Certificate } from './tls.ts';

export interface RunningServer {
  /** Origin without the API's base, e.g. `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly port: number;
  /** The one that agents share; empty where only enrolled ones are let in. */
  readonly agentToken: string;
  /** The one in the data folder; empty where only operators by name are let in. */
  readonly operatorToken: string;
  /** Accepted writes, oldest first. */
  ledger(filter?: LedgerFilter): Promise<readonly LedgerEntry[]>;
  /** Ends what time has ended, now; it also runs by itself. */
  sweep(): Promise<SweepResult>;
  /** Puts a job into the queue exactly as given, invalid or not. */
  insertRawJob(draft: JobDraft): Promise<OperatorJob>;
  /** Removes everything derived from an asset for good. */
  purgeAsset(assetUuid: string): Promise<number>;
  /** For tests and tools in this process; the file itself belongs to this process alone. */
  readonly database: Database;
  /** Lets requests in flight finish (bounded), then closes the database. Repeating it is harmless. */
  close(): Promise<void>;
}

const SILENT: ServerLog = { info: () => {}, warn: () => {}, error: () => {} };

/**
 * Starts the embedded RushCatalog server over a data folder.
 * @throws ServerStartError when the folder, the database or the address cannot be used
 */
export async function createServer(options: ServerOptions): Promise<RunningServer> {
  const log = options.log ?? SILENT;
  refuseExposed(options);
  const certificate = options.tls === undefined ? null : readCertificate(options.tls);
  await prepareFolder(options.dataDir, options.postgres !== undefined);
  const { database, shared, snapshot } = await openDatabase({
    dataDir: options.dataDir,
    postgres: options.postgres,
    silenceMs: silenceOf(options),
    onLostConnection: (error) => log.warn({ err: error }, 'a connection to the database was lost'),
  });
  try {
    const { files, folder } = await openDerived(options.dataDir, options.derived, log);
    await settleDerived(database, files, folder);
    const removed = await sweepFiles(database, files, shared === null ? undefined : Date.now());
    if (removed > 0) log.info({ removed }, 'left-over files of an earlier run were removed');
    // A database that is elsewhere has no use for room on this disk.
    const reserve = await openReserve(options.dataDir, shared === null ? (options.reserveBytes ?? 0) : 0, log);
    const clocks = await clocksOf(options, shared);
    const metrics = await metricsOf(options, { database, shared });
    const meter = metrics ?? NO_METER;
    const context = contextOf({ database, shared, snapshot, files, log, reserve, meter }, clocks, options);
    await resumeAfterStart(context);
    const agentToken = await sharedAgentToken(options);
    const operatorToken = await sharedOperatorToken(options);
    const tokens = {
      agentHash: hashOrNull(agentToken),
      operatorHash: hashOrNull(operatorToken),
      page: await pageAccessOf(options),
    };
    const page = options.pageDir === undefined ? null : await listStaticFiles(options.pageDir, PAGE);
    const app = await buildApp(context, tokens, { ...watchersOf(options), metrics }, certificate, page);
    const { url, port } = await listen(app, options, certificate);
    log.info({ url }, 'the server listens');
    const regular = { ...clocks, ask: alsoRenewing(clocks, app, options, certificate) };
    return { url, port, agentToken, operatorToken, database, ...operations(context, app, options, regular) };
  } catch (error) {
    await database.destroy();
    throw error;
  }
}

/** A certificate that is renewed is taken with the next look at the clocks. */
function alsoRenewing(
  { ask }: Clocks,
  { server }: FastifyInstance,
  { tls, log = SILENT }: ServerOptions,
  certificate: Certificate | null,
): Clocks['ask'] {
  if (tls === undefined || certificate === null || !(server instanceof TlsServer)) return ask;
  const renew = renewing(server, tls, certificate, log);
  return () => {
    renew();
    return ask();
  };
}

/** Only a server that somebody watches has the library, and what it measures, in its process. */
async function metricsOf(
  { metrics }: ServerOptions,
  opened: { readonly database: Database; readonly shared: SharedDatabase | null },
): Promise<Metrics | null> {
  if (metrics === undefined) return null;
  const { createMetrics } = await import('./operate/metrics.ts');
  return createMetrics(opened);
}

function watchersOf({ metrics, accessLog = false, behindProxy = false }: ServerOptions): Omit<Watchers, 'metrics'> {
  return { metricsHash: metrics?.token === undefined ? null : sha256(metrics.token), accessLog, behindProxy };
}

/** In the folder of the built page. */
const PAGE = 'console.html';
/** In the data folder: what sessions of the page are made with. */
const SESSION_SECRET = 'page-secret';

async function pageAccessOf({ pageDir, dataDir, tls, behindProxy = false }: ServerOptions): Promise<PageAccess | null> {
  if (pageDir === undefined) return null;
  const secret = await loadOrCreateToken(join(dataDir, SESSION_SECRET));
  return { secret, place: placeOf(tls !== undefined, behindProxy) };
}

/** The names of a certificate, and those that a proxy passes on, are somebody's decision; in clear there is none. */
function placeOf(isSecure: boolean, behindProxy: boolean): PagePlace {
  if (behindProxy) return { schemes: ['https', 'http'], byAnyName: true };
  return isSecure ? { schemes: ['https'], byAnyName: true } : ON_LOOPBACK;
}

async function sharedAgentToken({ sharedAgentToken = true, agentToken, dataDir }: ServerOptions): Promise<string> {
  return sharedAgentToken ? (agentToken ?? (await loadOrCreateToken(join(dataDir, 'agent-token')))) : '';
}

async function sharedOperatorToken(options: ServerOptions): Promise<string> {
  const { sharedOperatorToken = true, operatorToken, dataDir } = options;
  return sharedOperatorToken ? (operatorToken ?? (await loadOrCreateToken(join(dataDir, SHARED_OPERATOR)))) : '';
}

const hashOrNull = (token: string): string | null => (token === '' ? null : sha256(token));

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

type Opened = Pick<Context, 'database' | 'shared' | 'snapshot' | 'files' | 'log' | 'reserve' | 'meter'>;

function contextOf(opened: Opened, { clock, leaseTime }: Clocks, options: ServerOptions): Context {
  const settings = settingsOf(options);
  const limitMs = silenceOf(options);
  const absence = limitMs === null ? NO_DOWNTIME : createDowntimeDetector(clock, leaseTime, limitMs);
  const retention = createRetentionClock(keptAge(opened.database), clock, leaseTime);
  // Who follows the rules is there once the server is.
  const watch = options.watch === undefined ? null : { ...options.watch, changed: () => {} };
  return { ...opened, settings, clock, leaseTime, retention, uuid: randomUUID, absence, watch };
}

const sweepSeconds = (options: ServerOptions): number => options.sweepIntervalSeconds ?? 5;

type Operations = Pick<RunningServer, 'ledger' | 'sweep' | 'insertRawJob' | 'purgeAsset' | 'close'>;

function operations(context: Context, app: FastifyInstance, options: ServerOptions, clocks: Clocks): Operations {
  const sweeper = startSweeper(context, sweepSeconds(options), clocks);
  const rules = startRulesOf(context);
  const telling = options.tell === undefined ? null : startTelling(context, options.tell);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await Promise.all([sweeper.stop(), rules?.stop(), telling?.stop()]);
    const grace = setTimeout(() => app.server.closeAllConnections(), options.closeGraceMs ?? 10_000);
    await app.close().finally(() => clearTimeout(grace));
    await context.database.destroy();
  };
  return {
    ledger: (filter) => readLedger(context.database, filter),
    sweep: () => sweep(context),
    insertRawJob: (draft) => insertRawJob(context, draft),
    purgeAsset: (assetUuid) => purgeAsset(context, assetUuid, null),
    close: () => (closing ??= close()),
  };
}

function startRulesOf(context: Context): RulesRunner | null {
  const { watch } = context;
  if (watch === null) return null;
  const rules = startRules(context, watch);
  watch.changed = () => rules.wake();
  return rules;
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
