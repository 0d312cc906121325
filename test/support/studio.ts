import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LedgerEntry } from '../../server/ledger/ledger.ts';
import type { ServerOptions } from '../../server/options.ts';
import { createServer, type RunningServer } from '../../server/server.ts';
import { CAPABILITIES, type JobType } from '../../shared/job.ts';
import { API_BASE, type OperatorJob } from '../../shared/wire.ts';
import type { Command } from './command.ts';
import { PATIENCE_MS } from './children/alive.ts';
import { h264Clip } from './made-media.ts';

/** A server with short leases, a media folder with small clips, and what a person would ask of them. */
export interface Studio {
  readonly folder: string;
  readonly media: string;
  readonly tokenFile: string;
  server: RunningServer;
  readonly operator: Operator;
  workFolder(name: string): string;
  close(): Promise<void>;
}

export interface Operator {
  call<T>(path: string, body?: unknown): Promise<T>;
  /** Creates one asset and one job of it. Answers the job's id. */
  job(sourcePath: string, jobType: JobType, inputs?: Readonly<Record<string, unknown>>): Promise<string>;
  jobs(): Promise<OperatorJob[]>;
  cancel(jobId: string): Promise<void>;
}

/** Kept by a machine that stands still for some seconds; a test of a lease’s end asks for a shorter one. */
const LEASE_SECONDS = 20;

export async function openStudio(options: Partial<ServerOptions> = {}): Promise<Studio> {
  const folder = mkdtempSync(join(tmpdir(), 'rc-studio-'));
  const media = join(folder, 'media');
  mkdirSync(media);
  writeFileSync(join(media, '.keep'), '');
  const server = await createServer({
    dataDir: join(folder, 'server'),
    leaseSeconds: LEASE_SECONDS,
    sweepIntervalSeconds: 1,
    backoff: () => 0.3,
    maxAttempts: 20,
    closeGraceMs: 500,
    ...options,
  });
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, server.agentToken, { mode: 0o600 });
  const studio: Studio = {
    folder,
    media,
    tokenFile,
    server,
    operator: createOperator(() => ({ url: studio.server.url, token: studio.server.operatorToken })),
    workFolder: (name) => prepareWorkFolder(join(folder, name)),
    async close() {
      await studio.server.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
  return studio;
}

/** A work folder whose settings leave only what these tests need to be proved at a start. */
export function prepareWorkFolder(
  path: string,
  wanted: readonly string[] = ['media.thumbnails@1', 'audio.waveform@1'],
): string {
  mkdirSync(path, { recursive: true });
  const capabilities = Object.fromEntries(CAPABILITIES.map((name) => [name, wanted.includes(name)]));
  writeFileSync(join(path, 'settings.json'), JSON.stringify({ capabilities }));
  return path;
}

export function createOperator(server: () => { readonly url: string; readonly token: string }): Operator {
  const call = async <T>(path: string, body?: unknown): Promise<T> => {
    const { url, token } = server();
    const response = await fetch(`${url}${API_BASE}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  return {
    call,
    async job(sourcePath, jobType, inputs = {}) {
      const { uuid } = await call<{ uuid: string }>('/assets', { source_path: sourcePath });
      const { job_id } = await call<{ job_id: string }>('/jobs', { asset_uuid: uuid, job_type: jobType, inputs });
      return job_id;
    },
    async jobs() {
      const items: OperatorJob[] = [];
      let cursor: string | undefined;
      do {
        const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const page = await call<{ items: OperatorJob[]; next_cursor?: string }>(`/jobs/all?limit=200${query}`);
        items.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor !== undefined);
      return items;
    },
    cancel: async (jobId) => void (await call(`/jobs/${jobId}/cancel`, {})),
  };
}

/** Puts copies of one small clip into the media folder, old enough not to look as if they were still being written. */
export async function addClips(media: string, count: number, seconds = 1): Promise<string[]> {
  const clip = await h264Clip({ name: `small-${seconds}.mp4`, seconds, size: '160x90' });
  return Array.from({ length: count }, () => {
    const name = `${randomUUID()}.mp4`;
    copyFileSync(clip, join(media, name));
    age(join(media, name));
    return `MEDIA/${name}`;
  });
}

/** Sets a file's times an hour back: a fresh source waits for two equal looks. */
export function age(path: string): void {
  const then = Date.now() / 1_000 - 3_600;
  utimesSync(path, then, then);
}

/** Polls until all jobs have ended, one way or another. */
export async function allEnded(operator: Operator, limitMs = PATIENCE_MS): Promise<OperatorJob[]> {
  const until = performance.now() + limitMs;
  for (;;) {
    const jobs = await operator.jobs().catch(() => []);
    if (jobs.length > 0 && jobs.every(({ status }) => status === 'completed' || status === 'failed')) return jobs;
    if (performance.now() > until) {
      throw new Error(
        `Not ended: ${JSON.stringify(
          jobs.filter(({ status }) => status !== 'completed'),
          null,
          1,
        ).slice(0, 4_000)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export interface Tally {
  readonly submitted: ReadonlyMap<string, number>;
  readonly doubles: readonly string[];
}

/** How often each job was submitted. */
export function tally(ledger: readonly LedgerEntry[]): Tally {
  const submitted = new Map<string, number>();
  for (const { event, jobId } of ledger) {
    if (event === 'jobSubmitted' && jobId !== null) submitted.set(jobId, (submitted.get(jobId) ?? 0) + 1);
  }
  return { submitted, doubles: [...submitted].filter(([, count]) => count > 1).map(([jobId]) => jobId) };
}

/** The ledger of a server that is not running, straight from its database. */
export function ledgerOnDisk(dataDir: string): readonly LedgerEntry[] {
  const database = new DatabaseSync(join(dataDir, 'catalog.db'), { readOnly: true });
  try {
    return database
      .prepare('SELECT * FROM ledger ORDER BY sequence')
      .all()
      .map((row) => ({
        sequence: Number(row['sequence']),
        at: Number(row['at']),
        event: String(row['event']),
        agentId: row['agent_id'] === null ? null : String(row['agent_id']),
        jobId: row['job_id'] === null ? null : String(row['job_id']),
        lockHash: row['lock_hash'] === null ? null : String(row['lock_hash']),
        operator: row['operator'] === null ? null : String(row['operator']),
        detail: JSON.parse(String(row['detail_json'])) as Record<string, unknown>,
      }));
  } finally {
    database.close();
  }
}

/** Lets an agent start until it did one job of each kind, so that its proofs are remembered, and ends it. */
export async function proveOnce(studio: Studio, launch: () => Command): Promise<void> {
  const [path = ''] = await addClips(studio.media, 1);
  await studio.operator.job(path, 'generate_thumbnails');
  await studio.operator.job(path, 'generate_audio_waveform');
  const agent = launch();
  await allEnded(studio.operator);
  agent.signal('SIGTERM');
  await agent.ended;
}

/** Deterministic numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
