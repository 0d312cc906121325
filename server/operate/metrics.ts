import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { CAPABILITY_OF, JOB_TYPES } from '../../shared/job.ts';
import type { SharedDatabase } from '../database/open.ts';
import type { Database } from '../database/schema.ts';
import type { Meter } from '../meter.ts';

/** One call that was answered, whatever with. */
interface AnsweredCall {
  readonly method: string;
  /** Its template, e.g. `/api/v1/jobs/:id/claim`; undefined: there is no such call. */
  readonly route: string | undefined;
  readonly status: number;
  readonly seconds: number;
}

export interface Metrics extends Meter {
  answered(call: AnsweredCall): void;
  readonly contentType: string;
  /** In the text format of Prometheus. */
  text(): Promise<string>;
}

/** From a heartbeat, a millisecond, to gigabytes that are joined. */
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 300];
const CLAIM = /\/jobs\/:id\/claim$/;
const UNROUTED = 'unrouted';

/**
 * What Prometheus reads of this process and of the catalogue. Jobs are read from the counters that the database keeps
 * with every change: a scrape costs the same with a million jobs as with ten. Labels have few values each: templates of
 * calls, never an id.
 */
export function createMetrics({ database, shared }: { database: Database; shared: SharedDatabase | null }): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const named = (name: string, help: string) => ({ name: `rushcatalog_${name}`, help, registers: [registry] });
  const requests = new Histogram({
    ...named('http_request_duration_seconds', 'Calls by template and status, and how long they took.'),
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
  });
  const claims = new Counter({
    ...named(
      'claims_total',
      'Claims: granted, lost (409: another agent was faster, or it may not), or refused otherwise.',
    ),
    labelNames: ['result'],
  });
  const lapses = new Counter(named('leases_lapsed_total', 'Leases that lapsed and that this process ended.'));
  const received = new Counter(named('upload_received_bytes_total', 'Bytes of parts that were taken into uploads.'));
  for (const result of ['granted', 'conflict', 'refused']) claims.inc({ result }, 0);
  const lookAtCatalogue = addCatalogue(named, database);
  const lookAtPool = shared === null ? () => {} : addPool(named, shared);
  return {
    contentType: registry.contentType,
    async text() {
      await lookAtCatalogue();
      lookAtPool();
      return registry.metrics();
    },
    lapsed: (leases) => lapses.inc(leases),
    received: (bytes) => received.inc(bytes),
    answered({ method, route = UNROUTED, status, seconds }) {
      requests.observe({ method: route === UNROUTED ? UNROUTED : method, route, status }, seconds);
      if (CLAIM.test(route))
        claims.inc({ result: status === 200 ? 'granted' : status === 409 ? 'conflict' : 'refused' });
    },
  };
}

type Named = (name: string, help: string) => { name: string; help: string; registers: Registry[] };

/** What is asked before each scrape, because a gauge is not told when another one's answer came. Without a database the rest is answered all the same. */
function addCatalogue(named: Named, database: Database): () => Promise<void> {
  const isUp = new Gauge(named('database_up', 'Whether the database answered this scrape.'));
  const leases = new Gauge(named('leases_held', 'Jobs that an agent holds now.'));
  const jobs = new Gauge({
    ...named('jobs', 'Jobs by type and status; “other”: a type that this program does not know, or an invalid job.'),
    labelNames: ['job_type', 'status'],
  });
  return async () => {
    const counted = await countJobs(database).catch(() => null);
    isUp.set(counted === null ? 0 : 1);
    jobs.reset();
    leases.reset();
    for (const { job_type, status, jobs: count } of counted ?? []) {
      jobs.inc({ job_type, status }, count);
      if (status === 'claimed') leases.inc(count);
    }
  };
}

const TYPE_OF_NEEDS: ReadonlyMap<string, string> = new Map(
  JOB_TYPES.map((type) => [JSON.stringify([CAPABILITY_OF[type]]), type]),
);

async function countJobs(database: Database) {
  const rows = await database.selectFrom('job_count').selectAll().execute();
  return rows.map(({ status, needs, jobs }) => ({
    status,
    job_type: TYPE_OF_NEEDS.get(needs) ?? 'other',
    jobs: Number(jobs),
  }));
}

function addPool(named: Named, shared: SharedDatabase): () => void {
  const connections = new Gauge({
    ...named('database_connections', 'Connections of this process to its PostgreSQL.'),
    labelNames: ['state'],
  });
  const waits = new Gauge(named('database_waiting', 'Requests that wait for a connection of the pool.'));
  return () => {
    const { open, idle, waiting } = shared.pool();
    connections.set({ state: 'busy' }, open - idle);
    connections.set({ state: 'idle' }, idle);
    waits.set(waiting);
  };
}
