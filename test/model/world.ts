import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Context } from '../../server/context.ts';
import { openDatabase } from '../../server/database/open.ts';
import { sha256 } from '../../server/hash.ts';
import { readLedger, type LedgerEntry } from '../../server/ledger/ledger.ts';
import { NO_DOWNTIME } from '../../server/lease-clock.ts';
import { settingsOf } from '../../server/options.ts';
import { NO_RESERVE } from '../../server/reserve.ts';
import { NO_METER } from '../../server/meter.ts';
import { buildApp } from '../../server/app.ts';
import { sweep } from '../../server/sweep.ts';
import { FolderStore } from '../../server/derived/folder/folder-store.ts';
import { API_BASE } from '../../shared/wire.ts';
import { testDatabase } from '../support/postgres.ts';
import { createModelAgent, type ModelAgent } from './agent.ts';
import { createFakeTime, type FakeTime } from '../support/fake-time.ts';
import { stillness } from './stillness.ts';
import { createNetwork, newLine, type LineState } from './network.ts';
import { createOracle, LEASE_MS, type Oracle } from './oracle.ts';

/** Agents of a world at most. With one only, a job that is lost comes back to the same. */
export const AGENTS = 2;
/** More deaths than this would make both agents set a job aside, and nobody would be left to do it. */
const MAX_KILLS = 2;
const TOKENS = { agent: 'agent-token', operator: 'operator-token' } as const;

/** The real server's handlers over one database, without a port, on a clock that the running world sets. */
export interface Catalogue {
  readonly app: FastifyInstance;
  readonly context: Context;
  setClock(now: () => number): void;
  close(): Promise<void>;
}

export async function openCatalogue(folder: string): Promise<Catalogue> {
  mkdirSync(folder, { recursive: true });
  let now = Date.now;
  let named = 0;
  const onTest = await testDatabase();
  const { database, shared, snapshot } = await openDatabase({
    dataDir: folder,
    postgres: onTest?.postgres,
    silenceMs: null,
    onLostConnection: () => undefined,
  });
  const none = (): void => undefined;
  const log = { info: none, warn: none, error: none };
  const files = new FolderStore(folder, log);
  await files.prepare();
  const settings = settingsOf({
    dataDir: folder,
    leaseSeconds: LEASE_MS / 1_000,
    maxAttempts: 1_000,
    backoff: () => 0.5,
    minPollIntervalSeconds: 25,
    policy: { max_parallel_jobs_allowed: 1_000 },
  });
  const context: Context = {
    database,
    shared,
    snapshot,
    files,
    log,
    settings,
    // Whole, as the clock of a machine tells them.
    clock: () => Math.round(now()),
    leaseTime: () => Math.round(now()),
    retention: { now: async () => Math.round(now()) },
    // In the order of their making, so that one seed is one history.
    uuid: () => `00000000-0000-4000-8000-${String((named += 1)).padStart(12, '0')}`,
    absence: NO_DOWNTIME,
    reserve: NO_RESERVE,
    meter: NO_METER,
    watch: null,
  };
  const app = await buildApp(context, {
    agentHash: sha256(TOKENS.agent),
    operatorHash: sha256(TOKENS.operator),
    page: null,
  });
  return {
    app,
    context,
    setClock: (clock) => {
      now = clock;
    },
    close: async () => {
      await app.close();
      await database.destroy();
      await onTest?.drop();
    },
  };
}

/** Memory where the system has such a folder: every commit of a journal is flushed, and a run makes dozens. */
export function modelFolder(): { readonly path: string; remove(): void } {
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const path = mkdtempSync(join(base, 'rc-model-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface World {
  readonly time: FakeTime;
  readonly oracle: Oracle;
  readonly agents: readonly ModelAgent[];
  readonly jobs: readonly string[];
  /** What the server accepted since this world began. */
  ledger(): Promise<readonly LedgerEntry[]>;
  addJob(seconds: number): Promise<void>;
  cancel(jobId: string): Promise<void>;
  cut(agent: number, state: LineState, ms: number): void;
  /** kill -9, started again after `ms`; not more often than `MAX_KILLS` times. */
  kill(agent: number, ms: number): void;
  /** SIGSTOP, SIGCONT after `ms`. */
  freeze(agent: number, ms: number): void;
  /** Everything is well again; time passes until every job has ended. Then the oracle judges. */
  conclude(): Promise<void>;
  close(): void;
}

/** Longest time in which every job must have ended once everything is well: two leases and the work itself. */
const CONCLUDED_MS = 10 * 60_000;

/** @param note is told, in order, everything that passed the lines: what was sent, what was done to it, what came back */
export async function createWorld(
  catalogue: Catalogue,
  folder: string,
  agentCount: number,
  note: (line: string) => void = () => undefined,
): Promise<World> {
  const { app, context } = catalogue;
  const network = createNetwork(
    () => app,
    () => time,
    {
      cut: (agent, ms) => cut(agent, 'silent', ms),
      kill: (agent, ms) => kill(agent, ms),
      freeze: (agent, ms) => freeze(agent, ms),
    },
    {
      sent: (request) => oracle.sent(request),
      arrived(request) {
        note(`${time.now()} agent ${request.agent} ${request.method} ${request.path} ${request.body.toString('utf8')}`);
      },
      faulted: (agent) => oracle.fault(agent),
      served(request, status, body, late) {
        note(`${time.now()} agent ${request.agent} ${request.path} ${status} ${body}${late ? ' late' : ''}`);
        oracle.served(request, status, body, late);
      },
    },
  );
  const time: FakeTime = createFakeTime(stillness(network.inFlight));
  const oracle: Oracle = createOracle(time.now, agentCount);
  const epoch = time.wall();
  catalogue.setClock(time.wall);
  const last = await context.database
    .selectFrom('ledger')
    .select('sequence')
    .orderBy('sequence', 'desc')
    .limit(1)
    .execute();
  const before = last[0]?.sequence ?? 0;
  mkdirSync(join(folder, 'media'), { recursive: true });
  const source = join(folder, 'media', 'clip.mov');
  writeFileSync(source, 'not really a film');
  utimesSync(source, 1_000_000, 1_000_000);
  const agents = Array.from({ length: agentCount }, (_, index) =>
    createModelAgent(index, { time, network, oracle, folder, token: TOKENS.agent }, newLine()),
  );
  const operator = async (method: 'GET' | 'POST', path: string, payload?: object): Promise<unknown> => {
    const reply = await app.inject({
      method,
      url: `${API_BASE}${path}`,
      headers: { authorization: `Bearer ${TOKENS.operator}` },
      ...(payload === undefined ? {} : { payload }),
    });
    if (reply.statusCode >= 300) throw new Error(`${path} answered ${reply.statusCode}: ${reply.body}`);
    return reply.json();
  };
  const jobs: string[] = [];
  const allEnded = async (): Promise<boolean> => {
    const open = await context.database
      .selectFrom('job')
      .select('job_id')
      .where('status', 'in', ['pending', 'claimed'])
      .limit(1)
      .executeTakeFirst();
    return open === undefined;
  };
  const agentAt = (index: number): ModelAgent => {
    const agent = agents[index];
    if (agent === undefined) throw new Error(`There is no agent ${index}`);
    return agent;
  };
  const cut: World['cut'] = (index, state, ms) => {
    const agent = agentAt(index);
    agent.line.state = state;
    oracle.trouble(index, true);
    time.later(ms, () => {
      agent.line.state = 'up';
      if (agent.alive() && !agent.owner().frozen) oracle.trouble(index, false);
    });
  };
  const freeze: World['freeze'] = (index, ms) => {
    const agent = agentAt(index);
    const owner = agent.owner();
    if (owner.dead || owner.frozen) return;
    owner.frozen = true;
    oracle.trouble(index, true);
    time.later(ms, () => {
      owner.frozen = false;
      oracle.thawed(index);
      if (agent.alive() && agent.line.state === 'up') oracle.trouble(index, false);
    });
  };
  const kills = new Map<number, number>();
  const kill: World['kill'] = (index, ms) => {
    const agent = agentAt(index);
    const count = kills.get(index) ?? 0;
    if (!agent.alive() || count >= MAX_KILLS) return;
    kills.set(index, count + 1);
    agent.kill();
    oracle.killed(index);
    oracle.trouble(index, true);
    time.later(ms, async () => {
      await agent.boot();
      if (agent.line.state === 'up') oracle.trouble(index, false);
    });
  };
  for (const agent of agents) await agent.boot();
  return {
    time,
    oracle,
    agents,
    jobs,
    ledger: () => readLedger(context.database, { after: before }),
    cut,
    kill,
    freeze,
    async addJob(seconds) {
      const { uuid } = (await operator('POST', '/assets', { source_path: 'MEDIA/clip.mov' })) as { uuid: string };
      const job = { asset_uuid: uuid, job_type: 'generate_thumbnails', inputs: { thumbnail_profile: String(seconds) } };
      jobs.push(((await operator('POST', '/jobs', job)) as { job_id: string }).job_id);
    },
    async cancel(jobId) {
      await operator('POST', `/jobs/${jobId}/cancel`, {}).catch(() => undefined);
    },
    async conclude() {
      // What has begun ends by itself; nothing more befalls anybody.
      for (const agent of agents) agent.line.planned.length = 0;
      const limit = time.now() + CONCLUDED_MS;
      while (time.now() < limit && (time.pending() > 0 || !(await allEnded()))) {
        await time.pass(5_000);
        await sweep(context);
      }
      if (!(await allEnded())) oracle.lost();
      oracle.judge(await readLedger(context.database, { after: before }), epoch);
    },
    close() {
      for (const agent of agents) agent.close();
    },
  };
}
