import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import type { PostgresOptions } from '../../server/database/open.ts';
import { postgresAddress } from '../../server/database/postgres/address.ts';
import { createServer } from '../../server/server.ts';
import { ServerStartError } from '../../server/start-error.ts';
import { makePrivateCa } from '../policy/private-ca.ts';
import {
  makeDatabase,
  noPostgres,
  PASSWORD,
  PASSWORD_USER,
  throughPgBouncer,
  type TestDatabase,
} from '../support/postgres.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function database(): Promise<TestDatabase> {
  const made = await makeDatabase();
  undo.push(made.drop);
  return made;
}

/** The code of why it did not start, or `started`. Nothing that is told or logged has the password in it. */
async function start(postgres: PostgresOptions): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'rushcatalog-server-'));
  undo.push(() => rmSync(dataDir, { recursive: true, force: true }));
  try {
    const server = await createServer({ dataDir, postgres });
    await server.close();
    return 'started';
  } catch (error) {
    expect(error).toBeInstanceOf(ServerStartError);
    const { refusal, cause, stack } = error as ServerStartError;
    expect(refusal.message).toMatch(/^[A-Z][^\n]+\.$/);
    expect(refusal.nextStep).toMatch(/^[A-Z][^\n]+$/);
    const told = inspect([refusal, cause, stack], { depth: 4, showHidden: true });
    if (postgres.password !== undefined) expect(told).not.toContain(postgres.password);
    return refusal.code;
  }
}

describe.skipIf(noPostgres !== null)('a start on PostgreSQL', () => {
  test('makes the tables once, and goes on with what is there', async () => {
    const { postgres, ask } = await database();
    expect(await Promise.all([start(postgres), start(postgres), start(postgres)])).toEqual([
      'started',
      'started',
      'started',
    ]);
    expect(await start(postgres)).toBe('started');
    await ask('UPDATE rushcatalog_schema SET version = 99');
    expect(await start(postgres)).toBe('DATABASE_NEWER');
  });

  test.skipIf(throughPgBouncer)(
    'says what is wrong: nobody there, no such database, somebody else’s tables, no letters',
    async () => {
      const { postgres, port, name, ask } = await database();
      expect(await start({ url: `postgres://test@127.0.0.1:1/${name}` })).toBe('DATABASE_UNREACHABLE');
      expect(await start({ url: postgres.url.replace(name, 'nowhere') })).toBe('DATABASE_REFUSED');
      await ask('CREATE TABLE job (id int)');
      expect(await start(postgres)).toBe('DATABASE_UNUSABLE');
      expect(await start({ url: `postgres://test@127.0.0.1:${port}/${name}?application_name=x` })).toBe(
        'DATABASE_ADDRESS',
      );
    },
  );

  test('with a password from a file or the environment alone, over a user who owns the database', async () => {
    const { port, name, ask } = await database();
    const url = `postgres://${PASSWORD_USER}@127.0.0.1:${port}/${name}`;
    expect(await start({ url, password: 'a wrong one, nowhere' })).toBe('DATABASE_PASSWORD');
    expect(await start({ url })).toBe('DATABASE_PASSWORD');
    expect(await start({ url, password: PASSWORD })).toBe('DATABASE_REFUSED');
    await ask(`ALTER DATABASE ${name} OWNER TO ${PASSWORD_USER}`);
    expect(await start({ url, password: PASSWORD })).toBe('started');
    const told = url.replace('@', `:${encodeURIComponent(PASSWORD)}@`);
    expect(await start({ url: told })).toBe('DATABASE_ADDRESS');
  });

  test.skipIf(throughPgBouncer)('encrypted, and only to a server that proves its name', async () => {
    const { port, name, ask, postgres } = await database();
    const tls = (mode: string, more = '') => ({
      url: `postgres://${PASSWORD_USER}@localhost:${port}/${name}?sslmode=${mode}${more}`,
      password: PASSWORD,
    });
    await ask(`ALTER DATABASE ${name} OWNER TO ${PASSWORD_USER}`);
    expect(await start(tls('verify-full'))).toBe('DATABASE_UNTRUSTED');
    const { caFile, cert, key } = makePrivateCa();
    const data = join(new URL(postgres.url).searchParams.get('host') ?? '', 'data');
    const { uid, gid } = statSync(data);
    for (const [file, text] of [
      ['server.crt', cert],
      ['server.key', key],
    ] as const) {
      writeFileSync(join(data, file), text, { mode: 0o600 });
      chownSync(join(data, file), uid, gid);
    }
    await ask('ALTER SYSTEM SET ssl = on', 'SELECT pg_reload_conf()');
    undo.push(() => ask('ALTER SYSTEM RESET ssl', 'SELECT pg_reload_conf()'));
    await expect.poll(() => start(tls('verify-full', `&sslrootcert=${caFile}`)), { interval: 200 }).toBe('started');
    expect(await start(tls('verify-full'))).toBe('DATABASE_UNTRUSTED');
    const byAddress = tls('verify-full', `&sslrootcert=${caFile}`);
    expect(await start({ ...byAddress, url: byAddress.url.replace('localhost', '127.0.0.1') })).toBe(
      'DATABASE_UNTRUSTED',
    );
  });
});

describe('the address of a PostgreSQL', () => {
  test('beyond this machine is encrypted and proved unless it says otherwise', () => {
    const ssl = (url: string) => postgresAddress(url).ssl;
    expect(ssl('postgres://u@db.studio.example/rush')).toEqual({
      rejectUnauthorized: true,
      servername: 'db.studio.example',
    });
    expect(ssl('postgresql://u@10.0.0.7:6432/rush?sslmode=require')).toEqual({ rejectUnauthorized: true });
    expect(ssl('postgres://u@db.studio.example/rush?sslmode=disable')).toBe(false);
    for (const here of ['localhost', '127.0.0.1', '[::1]']) expect(ssl(`postgres://u@${here}/rush`)).toBe(false);
    expect(postgresAddress('postgres:///rush?host=/run/postgresql')).toMatchObject({
      host: '/run/postgresql',
      port: 5432,
    });
    expect(postgresAddress('postgres://a%20b@[2001:db8::7]:7/r%20c')).toMatchObject({
      user: 'a b',
      host: '2001:db8::7',
      port: 7,
      database: 'r c',
    });
  });

  test.each([
    'mysql://u@h/d',
    'db.studio.example',
    'postgres://u@h',
    'postgres://u:secret@h/d',
    'postgres://u@h/d?sslmode=prefer',
    'postgres://u@h/d?password=secret',
    'postgres://u@h/d?sslrootcert=/nowhere/ca.pem',
  ])('%s is refused without repeating it', (url) => {
    const problem = (): unknown => postgresAddress(url);
    expect(problem).toThrow(ServerStartError);
    expect(problem).not.toThrow(/secret/);
  });
});
