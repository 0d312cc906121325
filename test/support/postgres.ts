import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PostgresOptions } from '../../server/database/open.ts';
import { eventually } from './children/alive.ts';
import { noPgBouncer, startPgBouncer, stopPgBouncer } from './pgbouncer.ts';

/**
 * A PostgreSQL of this test run alone: in a throw-away folder, on a Unix socket and a port of loopback, never as root,
 * and without the flushes that a test does without. The first test that wants one starts it, whichever process it is in;
 * it ends with the run (postgres-run.ts).
 */

/** Where the run has its folder; set before the workers begin. */
export const FOLDER_VARIABLE = 'RUSHCATALOG_TEST_POSTGRES';
/** `postgres`: the tests of the server and the model run on it in place of SQLite. `pgbouncer`: with that in between. */
const DATABASE_VARIABLE = 'RUSHCATALOG_TEST_DATABASE';

const wanted = process.env[DATABASE_VARIABLE];
export const throughPgBouncer = wanted === 'pgbouncer';
export const onPostgres = wanted === 'postgres' || throughPgBouncer;

/** Debian's, newest first; elsewhere whatever is on the PATH. */
const FOLDERS = ['18', '17', '16', '15', '14'].map((version) => `/usr/lib/postgresql/${version}/bin`);
/** A user that is nobody's; PostgreSQL refuses root. */
const UNPRIVILEGED = ['postgres', 'nobody'];

const bin = FOLDERS.find((folder) => existsSync(join(folder, 'initdb')));

/** Why there is none, to be said where tests are left out; null: there is one. */
export const noPostgres: string | null =
  process.platform === 'win32'
    ? 'no PostgreSQL is started on Windows'
    : bin === undefined
      ? 'no PostgreSQL is installed (Debian: apt install postgresql)'
      : null;
const missing = onPostgres ? (noPostgres ?? (throughPgBouncer ? noPgBouncer : null)) : null;
if (missing !== null) throw new Error(`${DATABASE_VARIABLE}=${wanted}, but ${missing}.`);

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

function unprivileged(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const [found] = UNPRIVILEGED.flatMap((name) => lines.filter(([user]) => user === name));
  if (found === undefined) throw new Error('There is no unprivileged user for PostgreSQL.');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

function call(program: string, args: readonly string[]): string {
  const owner = unprivileged();
  const done = spawnSync(join(bin ?? '', program), args, {
    encoding: 'utf8',
    cwd: '/',
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    ...owner,
  });
  if (done.status !== 0) throw new Error(`${program} failed: ${done.stdout}${done.stderr}`);
  return done.stdout;
}

const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  shared_buffers: '32MB',
  max_connections: '200',
  max_wal_size: '256MB',
  autovacuum: 'off',
  // Who has no password hangs up in the middle; nobody may drop a database meanwhile.
  authentication_timeout: '1s',
  // A victim of a deadlock is found soon.
  deadlock_timeout: '50ms',
};

/** Whom a password lets in over TCP; over the socket everybody is let in. */
export const PASSWORD_USER = 'rush';
export const PASSWORD = 'a secret: of the test?';

/** A PostgreSQL that a test may stop and start as it likes is one of its own. */
export interface Postgres {
  readonly folder: string;
  readonly port: number;
  stop(how?: 'fast' | 'immediate'): void;
  start(): void;
  /** Kills its first process; the others end when they notice. */
  kill(): void;
}

/** `own` settings in place of those of a test. */
export function makePostgres(folder: string, port: number, own: Readonly<Record<string, string>> = {}): Postgres {
  const data = join(folder, 'data');
  const owner = unprivileged();
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  call('initdb', ['--no-sync', '--username=test', '--auth=trust', '--encoding=UTF8', '--locale=C', '-D', data]);
  writeFileSync(join(data, 'pg_hba.conf'), 'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n');
  const settings = Object.entries({
    ...SETTINGS,
    ...own,
    unix_socket_directories: folder,
    listen_addresses: '127.0.0.1',
  });
  writeFileSync(
    join(data, 'postgresql.conf'),
    [...settings, ['port', String(port)]].map(([name, value]) => `${name} = '${value}'\n`).join(''),
  );
  if (owner !== undefined) {
    for (const name of ['pg_hba.conf', 'postgresql.conf']) chownSync(join(data, name), owner.uid, owner.gid);
  }
  const start = (): void => {
    call('pg_ctl', ['-D', data, '-l', join(folder, 'log'), '-w', '-t', '200', 'start']);
  };
  start();
  return {
    folder,
    port,
    start,
    kill: () => void process.kill(Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL'),
    stop: (how = 'immediate') => void call('pg_ctl', ['-D', data, '-m', how, '-w', 'stop']),
  };
}

/** Of the run: the socket's folder and the port. */
interface OfRun {
  readonly folder: string;
  readonly port: number;
  /** What servers are to connect to, where that is not PostgreSQL itself. */
  readonly between?: { readonly folder: string; readonly port: number };
}

async function ofRun(): Promise<OfRun> {
  const folder = process.env[FOLDER_VARIABLE];
  if (folder === undefined) throw new Error('Tests with PostgreSQL run under vitest.');
  const ready = join(folder, 'ready');
  let isMine = true;
  try {
    mkdirSync(join(folder, 'claimed'));
  } catch {
    isMine = false;
  }
  if (isMine) {
    const place = join(folder, 'postgres');
    mkdirSync(place);
    try {
      const { port } = makePostgres(place, await freePort());
      await ask(adminOf(place, port), `CREATE ROLE ${PASSWORD_USER} LOGIN PASSWORD '${PASSWORD}'`);
      writeFileSync(ready, JSON.stringify({ folder: place, port, ...(await between(place, port)) }));
    } catch (error) {
      writeFileSync(ready, JSON.stringify({ error: String(error) }));
    }
  }
  const text = await eventually(() => existsSync(ready) && statSync(ready).size > 0 && readFileSync(ready, 'utf8'));
  const made = JSON.parse(text) as OfRun & { readonly error?: string };
  if (made.error !== undefined) throw new Error(made.error);
  return made;
}

async function between(folder: string, port: number): Promise<Pick<OfRun, 'between'>> {
  if (!throughPgBouncer) return {};
  const own = await freePort();
  return { between: { folder: startPgBouncer({ folder, port, owner: unprivileged() }, own), port: own } };
}

export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

interface Admin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}
const adminOf = (host: string, port: number, database = 'postgres'): Admin => ({ host, port, user: 'test', database });

async function ask(admin: Admin, ...statements: readonly string[]): Promise<void> {
  const client = new Client(admin);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

export interface TestDatabase {
  readonly name: string;
  /** The TCP port of loopback, where a password is asked for. */
  readonly port: number;
  readonly postgres: PostgresOptions;
  ask(...statements: readonly string[]): Promise<void>;
  drop(): Promise<void>;
}

/** An empty database on the PostgreSQL of this run. */
export async function makeDatabase(template = 'template0'): Promise<TestDatabase> {
  const { folder, port, between } = await ofRun();
  const place = between ?? { folder, port };
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await ask(adminOf(folder, port), `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
  return {
    name,
    port,
    postgres: { url: `postgres://test@localhost:${place.port}/${name}?host=${encodeURIComponent(place.folder)}` },
    ask: (...statements) => ask(adminOf(folder, port, name), ...statements),
    drop: () => ask(adminOf(folder, port), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** The database of a test that runs on either; undefined: SQLite, in the data folder. */
export async function testDatabase(): Promise<TestDatabase | undefined> {
  return onPostgres ? makeDatabase() : undefined;
}

/** Before the first test of a run; what it answers ends it. */
export function runFolder(): { readonly end: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'rc-pg-'));
  if (process.getuid?.() === 0) chmodSync(folder, 0o755);
  process.env[FOLDER_VARIABLE] = folder;
  return {
    end() {
      const data = join(folder, 'postgres', 'data');
      stopPgBouncer(join(folder, 'postgres'));
      if (existsSync(join(data, 'postmaster.pid'))) call('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop']);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
