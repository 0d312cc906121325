import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A PgBouncer before the PostgreSQL of a test run, in transaction mode and with fewer connections than the servers of a
 * test have together: the next statement of a server runs on whichever is free. Whatever was kept on one is not there.
 */

const program = '/usr/sbin/pgbouncer';
export const noPgBouncer: string | null = existsSync(program)
  ? null
  : 'no PgBouncer is installed (Debian: apt install pgbouncer)';

interface Before {
  /** Of the PostgreSQL: the folder of its socket. */
  readonly folder: string;
  readonly port: number;
  /** Whom both run as; undefined: as we do. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

/** Starts one on the port and answers the folder of its socket. */
export function startPgBouncer({ folder, port: postgresPort, owner }: Before, port: number): string {
  const place = join(folder, 'pgbouncer');
  mkdirSync(place);
  const settings = {
    listen_port: String(port),
    unix_socket_dir: place,
    pool_mode: 'transaction',
    default_pool_size: '3',
    max_client_conn: '500',
    auth_type: 'any',
    server_reset_query: 'DISCARD ALL',
    server_reset_query_always: '1',
    logfile: join(place, 'log'),
    pidfile: join(place, 'pid'),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  const file = join(place, 'pgbouncer.ini');
  writeFileSync(file, `[databases]\n* = host=${folder} port=${postgresPort} user=test\n[pgbouncer]\n${lines.join('')}`);
  if (owner !== undefined) chownSync(place, owner.uid, owner.gid);
  const started = spawnSync(program, ['-d', file], { encoding: 'utf8', cwd: '/', ...owner });
  if (started.status !== 0) throw new Error(`pgbouncer failed: ${started.stdout}${started.stderr}`);
  return place;
}

/** Ends the one in this folder of a PostgreSQL, if there is one. */
export function stopPgBouncer(folder: string): void {
  const pid = join(folder, 'pgbouncer', 'pid');
  if (existsSync(pid)) process.kill(Number(readFileSync(pid, 'utf8')), 'SIGTERM');
}
