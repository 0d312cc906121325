import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { createConnection } from '../../electron/agent/server/connection.ts';
import { createJobLogs } from '../../electron/agent/jobs/job-log.ts';
import type { ClaimedRun } from '../../electron/agent/jobs/claim.ts';
import type { AgentServices } from '../../electron/agent/jobs/services.ts';
import { Journal } from '../../electron/agent/journal/journal.ts';
import type { Lease } from '../../electron/agent/lease/leases.ts';
import { createJobProcesses } from '../../electron/work/process/job-processes.ts';
import { createClient } from '../../electron/agent/server/client.ts';
import { createMediaRoots } from '../../electron/work/storage/media-roots.ts';
import { createStore } from '../../electron/agent/store/store.ts';
import { defaultSettings } from '../../shared/settings.ts';
import { createFakeClock, type FakeClock } from './fake-time.ts';
import { sampleSnapshot } from './sample-snapshot.ts';
import type { WireJob } from '../../shared/wire.ts';
import { offerOf } from '../../electron/agent/server/dialect.ts';
import { createSourceProbes } from '../../electron/work/media/source-probes.ts';
import { createSourceReaders } from '../../electron/work/media/source-readers.ts';

/** The parts of an agent around one real journal and one real client, without the loops. */
export interface TestServices {
  readonly services: AgentServices;
  /** Waiting takes no time and is written down. */
  readonly clock: FakeClock;
  /** How often the token was read anew. */
  tokenReads(): number;
  close(): void;
}

/** `timeoutMs` is real time: what answers at once on a quiet machine may need a second on a busy one. */
export function createTestServices(
  serverUrl: string,
  timeoutMs = 2_000,
  client: Partial<Parameters<typeof createClient>[0]> = {},
): TestServices {
  const workFolder = mkdtempSync(join(tmpdir(), 'rc-parts-'));
  const clock = createFakeClock('passes');
  const store = createStore(sampleSnapshot());
  const journal = new Journal(join(workFolder, 'journal.sqlite'));
  let reads = 0;
  const random = (): number => 0.5;
  const refreshToken = (): boolean => {
    reads += 1;
    return false;
  };
  const none = (): never => {
    throw new Error('not part of this test');
  };
  const services: AgentServices = {
    clock,
    uuid: randomUUID,
    log: pino({ level: 'silent' }),
    store,
    jobLogs: createJobLogs(),
    journal,
    probes: createSourceProbes(),
    readers: createSourceReaders(clock),
    client: createClient({
      serverUrl,
      fetch,
      credentials: () => ({ token: 't' }),
      monotonic: clock.monotonic,
      timeoutMs,
      ...client,
    }),
    connection: createConnection({ store, clock, random, refreshToken }),
    leases: { hold: none, setCredentials: none, close: none },
    roots: createMediaRoots([], clock),
    executors: {},
    toolbox: () => null,
    toolsKnown: Promise.resolve(),
    settings: defaultSettings,
    workFolder,
    logFolder: join(workFolder, 'logs'),
    createProcesses: (runId, jobId) => createJobProcesses({ runId, jobId, owner: 'test', nice: 0 }),
    version: '0.0.0',
    results: null,
    noteOutcome: () => undefined,
  };
  return {
    services,
    clock,
    tokenReads: () => reads,
    close() {
      journal.close();
      rmSync(workFolder, { recursive: true, force: true });
    },
  };
}

/** A lease that is ours until `lose` is called. */
export function steadyLease(): Lease & { lose(): void } {
  const lost = new AbortController();
  return {
    lockToken: 'lock-1',
    lost: lost.signal,
    cancelled: new AbortController().signal,
    confirm: async (signal) => (lost.signal.aborted || signal.aborted ? 'lost' : 'ours'),
    note: () => undefined,
    setGroups: () => undefined,
    executed: () => undefined,
    release: () => undefined,
    lose: () => lost.abort('refused'),
  };
}

/** A run that is in the journal as claimed, with a folder that holds one file `thumb.webp` of `bytes`. */
export function claimedRun({ services }: TestServices, bytes = 10): ClaimedRun {
  const runId = randomUUID();
  const jobId = randomUUID();
  const assetUuid = randomUUID();
  const begun = {
    runId,
    jobId,
    assetUuid,
    jobType: 'generate_thumbnails' as const,
    sourcePath: 'MEDIA/a.mov',
    claimKey: 'k',
    claimedAt: '2026-03-01T12:00:00.000Z',
  };
  services.journal.begin(begun);
  const { job } = offerOf(wireJobOf({ jobId, assetUuid }));
  services.journal.change(runId, { phase: 'claimed', job, lockToken: 'lock-1' });
  mkdirSync(join(services.workFolder, 'runs', runId), { recursive: true });
  writeFileSync(join(services.workFolder, 'runs', runId, 'thumb.webp'), Buffer.alloc(bytes, 7));
  return { ...begun, phase: 'claimed', job, lockToken: 'lock-1' };
}

/** The job of a run as a server says it in the answer to a claim. */
export function wireJobOf({ jobId, assetUuid }: Pick<ClaimedRun, 'jobId' | 'assetUuid'>): WireJob {
  return {
    job_id: jobId,
    job_type: 'generate_thumbnails',
    status: 'claimed',
    asset_uuid: assetUuid,
    required_capabilities: ['media.thumbnails@1'],
    inputs: { asset_uuid: assetUuid, source_path: 'MEDIA/a.mov' },
    expected_outputs: [],
    invariants: [],
    priority: undefined,
    claimed_by: undefined,
    lock_token: 'lock-1',
    locked_until: undefined,
  };
}
