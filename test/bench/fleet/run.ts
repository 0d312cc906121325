import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { openDatabase, type PostgresOptions } from '../../../server/database/open.ts';
import type { Database } from '../../../server/database/schema.ts';
import { seeded } from '../../support/studio.ts';
import { createAgent, newMemory, type Memory, type SimulatedAgent, type World } from './agent.ts';
import { audit, type Audit } from './audit.ts';
import { createClient } from './client.ts';
import { startDatabase, type FleetDatabase } from './database.ts';
import { fillQueue } from './fill.ts';
import { killOften } from './kills.ts';
import { createMeter, type Meter } from './meter.ts';
import type { FleetOptions } from './options.ts';
import { startServers, type Servers } from './servers.ts';

export interface FleetReport {
  readonly usual: Meter;
  readonly rush: Meter;
  readonly rushSeconds: number;
  readonly kills: Awaited<ReturnType<typeof killOften>>;
  readonly memory: Memory;
  readonly audit: Audit;
  /** Of the changes of leases, what share was made in place; NaN on SQLite. */
  readonly hot: number;
  readonly usualCores: Cores;
  readonly rushCores: Cores;
  readonly statements: readonly Statement[];
}

/** Processor time by what is on the clock: how many cores were kept busy. */
export interface Cores {
  readonly servers: number;
  /** NaN where it is not ours. */
  readonly database: number;
  /** All agents together. */
  readonly agents: number;
}

/** Of all its calls while the agents worked and rushed. */
export interface Statement {
  readonly text: string;
  readonly calls: number;
  readonly seconds: number;
}

const AGENT_TOKEN = 'the-agents-of-the-fleet';

/** `postgres`: an empty database that is there already; otherwise one is started where it is asked for. */
export async function runFleet(
  options: FleetOptions,
  say: (line: string) => void,
  postgres?: PostgresOptions,
): Promise<FleetReport> {
  const folder = mkdtempSync(join(tmpdir(), 'rushcatalog-fleet-'));
  let own: FleetDatabase | null = null;
  try {
    if (options.database === 'postgres' && postgres === undefined) own = await startDatabase(folder);
    return await runIn(folder, options, say, { own, postgres: own?.postgres ?? postgres });
  } finally {
    own?.postmaster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly own: FleetDatabase | null;
  readonly postgres: PostgresOptions | undefined;
}

async function runIn(
  folder: string,
  options: FleetOptions,
  say: (line: string) => void,
  { own, postgres }: Place,
): Promise<FleetReport> {
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  const withDatabase = async <T>(work: (database: Database) => Promise<T>): Promise<T> => {
    const place = { dataDir, postgres, silenceMs: null, onLostConnection: () => {} };
    const { database } = await openDatabase(place);
    return work(database).finally(() => database.destroy());
  };
  say(`filling the queue with ${options.pending} jobs`);
  await withDatabase((database) => fillQueue(database, options.pending, Date.now()));
  const lists = own !== null && options.statements > 0;
  if (lists) await withDatabase((database) => sql`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`.execute(database));
  const servers = await startServers(options.servers, {
    dataDir,
    ...(postgres === undefined ? {} : { postgres }),
    leaseSeconds: options.leaseSeconds,
    agentToken: AGENT_TOKEN,
  });
  const load = await putUnderLoad(options, say, servers, own).finally(() => servers.stop());
  say('the tables are held against each other');
  return withDatabase(async (database) => ({
    ...load,
    statements: lists ? await dearest(database, options.statements) : [],
    hot: postgres === undefined ? Number.NaN : await hotShare(database),
    audit: await audit(database, load.memory, dataDir, options.pending),
  }));
}

type Load = Omit<FleetReport, 'audit' | 'hot' | 'statements'>;

async function putUnderLoad(
  options: FleetOptions,
  say: (line: string) => void,
  servers: Servers,
  database: FleetDatabase | null,
): Promise<Load> {
  const random = seeded(options.seed);
  const over = new AbortController();
  const [usual, rush] = [createMeter(), createMeter()];
  const client = createClient(servers.origins, AGENT_TOKEN, usual, { random, signal: over.signal });
  const memory = newMemory();
  const world: World = { client, memory, options, random, signal: over.signal };
  const agents = Array.from({ length: options.agents }, (_, index) => createAgent(world, `agent-${index}`));
  say(`${options.agents} agents work for ${options.seconds} s`);
  const working = Promise.all(agents.map((agent) => agent.work()));
  const measure = (): (() => Cores) => {
    const seconds = () => ({
      servers: servers.processorSeconds(),
      database: database?.processorSeconds() ?? Number.NaN,
      agents: (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
      wall: performance.now() / 1_000,
    });
    const before = seconds();
    return () => {
      const after = seconds();
      const cores = (of: keyof Cores) => (after[of] - before[of]) / (after.wall - before.wall);
      return { servers: cores('servers'), database: cores('database'), agents: cores('agents') };
    };
  };
  const usualCores = measure();
  const killing = killOften(options, { servers, database, memory, random, signal: over.signal });
  await sleep(options.seconds * 1_000);
  const kills = await killing;
  const usualUsed = usualCores();
  let rushSeconds = 0;
  const rushCores = measure();
  if (options.rushSeconds > 0) {
    say(`and rush for ${options.rushSeconds} s, ${options.rushAtOnce} at once`);
    client.meter = rush;
    rushSeconds = await rushFor(options, agents);
  }
  const rushUsed = rushCores();
  over.abort();
  await working;
  await client.close();
  return { usual, rush, rushSeconds, kills, memory, usualCores: usualUsed, rushCores: rushUsed };
}

/** Most that a server lets an agent hold; what is beyond is refused, and no conflict. */
const MOST_HELD = 16;

/** One agent after the other fills up, so many at a time. Answers how long it took, in seconds. */
async function rushFor(options: FleetOptions, agents: readonly SimulatedAgent[]): Promise<number> {
  const began = performance.now();
  const ends = began + options.rushSeconds * 1_000;
  // What it holds of its usual work beside.
  const turns = Math.floor((MOST_HELD - options.slots) / options.slots) * agents.length;
  let turn = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < ends && turn < turns) {
      const agent = agents[turn % agents.length];
      turn += 1;
      await agent?.fill();
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.rushAtOnce, agents.length) }, one));
  return (performance.now() - began) / 1_000;
}

async function hotShare(database: Database): Promise<number> {
  const { rows } = await sql<{ changed: number; in_place: number }>`
    SELECT n_tup_upd AS changed, n_tup_hot_upd AS in_place FROM pg_stat_user_tables WHERE relname = 'lease'
  `.execute(database);
  return Number(rows[0]?.in_place) / Number(rows[0]?.changed);
}

async function dearest(database: Database, count: number): Promise<readonly Statement[]> {
  const { rows } = await sql<Statement>`
    SELECT query AS text, calls, total_exec_time / 1000 AS seconds FROM pg_stat_statements
    WHERE query !~ 'WITH RECURSIVE numbers|VACUUM|fold_counters' ORDER BY total_exec_time DESC LIMIT ${count}
  `.execute(database);
  return rows;
}
