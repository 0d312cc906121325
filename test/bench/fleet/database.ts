import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresOptions } from '../../../server/database/open.ts';
import { freePort, makePostgres, type Postgres } from '../../support/postgres.ts';
import { processorSecondsOf } from './servers.ts';

/** As a studio would have it on a machine of this size: every commit is flushed, and the rows are looked after. */
const SETTINGS = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  autovacuum: 'on',
  shared_buffers: '1GB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  deadlock_timeout: '1s',
  random_page_cost: '1.1',
  // Of its contrib package, which Debian's has; for --statements.
  shared_preload_libraries: 'pg_stat_statements',
};

export interface FleetDatabase {
  readonly postgres: PostgresOptions;
  readonly postmaster: Postgres;
  /** kill -9, and a start as soon as its processes are gone. */
  killAndRestart(): Promise<void>;
  /** Seconds of processor time of all its processes, those that are gone counted. */
  processorSeconds(): number;
}

export async function startDatabase(folder: string): Promise<FleetDatabase> {
  const place = join(folder, 'postgres');
  mkdirSync(place);
  // PostgreSQL, which is never root, has to pass through.
  chmodSync(folder, 0o755);
  const postmaster = makePostgres(place, await freePort(), SETTINGS);
  const host = encodeURIComponent(place);
  return {
    postgres: { url: `postgres://test@localhost:${postmaster.port}/postgres?host=${host}` },
    postmaster,
    processorSeconds: () => {
      const first = Number(readFileSync(join(place, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
      return [first, ...childrenOf(first)].reduce((sum, pid) => sum + processorSecondsOf(pid), 0);
    },
    async killAndRestart() {
      postmaster.kill();
      for (let tries = 1; ; tries += 1) {
        await sleep(200);
        try {
          postmaster.start();
          return;
        } catch (error) {
          // The others of its processes have not noticed yet.
          if (tries >= 50) throw error;
        }
      }
    },
  };
}

function childrenOf(parent: number): number[] {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\nPPid:\t${parent}\n`);
    } catch {
      // It is gone.
      return false;
    }
  });
}
