import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WatchOptions } from '../../server/rules/watch.ts';
import { createServer, type RunningServer } from '../../server/server.ts';
import { API_BASE, AGENT_STATUS_HEADER } from '../../shared/wire.ts';
import { CAPABILITIES, JOB_TYPES, type JobType } from '../../shared/job.ts';

/** A server that shows its page, with files, agents, failures and what waits: all made by the calls of the protocol. */

const PAGE = fileURLToPath(new URL('../../out/console', import.meta.url));

interface Amounts {
  readonly files: number;
  readonly agents: number;
  readonly failures: number;
  /** Where folders can be watched. */
  readonly watch?: WatchOptions;
}

export interface BusyCatalogue {
  readonly server: RunningServer;
  /** As the operator of the data folder. */
  operator<T>(path: string, body?: unknown): Promise<T>;
  close(): Promise<void>;
}

/** Eight causes, by the code and the sentence that an agent has for each. */
const CAUSES: readonly (readonly [code: string, sentence: (file: string, index: number) => string])[] = [
  ['SOURCE_UNREADABLE', (file) => `“${file}” is missing from the media folder.`],
  ['UNSUPPORTED_MEDIA', (file) => `“${file}” has neither picture nor sound that can be used; leave it out.`],
  ['NO_AUDIO_TRACK', (file) => `“${file}” has no sound.`],
  ['SOURCE_FORBIDDEN', (file) => `The path of “${file}” leaves the media folders.`],
  ['ENCODE_FAILED', (_file, index) => `ffmpeg ended with code ${index % 7}: Invalid data found when processing input.`],
  ['OUTPUT_INVALID', (_file, index) => `The proxy has ${index} frames less than the source.`],
  ['UNKNOWN_PROFILE', () => 'The profile “review_next” is not known here.'],
  ['NO_VIDEO_TRACK', (file) => `“${file}” has no picture.`],
];

const DAYS = ['DAY 1', 'DAY 2', 'DAY 3 (night)', 'ARCHIVE'];
const pathOf = (index: number): string =>
  `RUSHES/${DAYS[index % 3]}/A-cam/A${String(Math.floor(index / 100)).padStart(3, '0')}C${String(index % 100).padStart(3, '0')}_260302_R1AB.mov`;

/** `amounts.failures` of the files' jobs have failed; the last tenth of the files lies on a share that is away. */
export async function startBusyCatalogue({ files, agents, failures, watch }: Amounts): Promise<BusyCatalogue> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rushcatalog-busy-'));
  const server = await createServer({
    dataDir,
    pageDir: PAGE,
    maxAttempts: 1,
    leaseSeconds: 3_600,
    agentSeenSeconds: 86_400,
    policy: { max_parallel_jobs_allowed: 4 },
    ...(watch === undefined ? {} : { watch }),
  });
  const operator = <T>(path: string, body?: unknown): Promise<T> => call<T>(server, path, { body });
  const ids = await register(server, agents);
  await importFiles(operator, files);
  const jobs = await readable(operator, failures + 2 * agents);
  await failSome(server, ids, jobs.slice(0, failures));
  await workOnSome(server, ids, jobs.slice(failures));
  return {
    server,
    operator,
    close: async () => {
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function call<T>(
  server: RunningServer,
  path: string,
  {
    body,
    agentId,
    headers,
    method,
  }: {
    readonly body?: unknown;
    readonly agentId?: string;
    readonly headers?: Record<string, string>;
    readonly method?: string;
  },
): Promise<T> {
  const answer = await fetch(`${server.url}${API_BASE}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...headers,
      authorization: `Bearer ${agentId === undefined ? server.operatorToken : server.agentToken}`,
      ...(agentId === undefined || agentId === '' ? {} : { 'x-agent-id': agentId }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

const isSignedOff = (index: number): boolean => index % 9 === 8;

/** Nobody can transcribe. */
const ABLE = CAPABILITIES.filter((name) => !name.startsWith('speech.'));
const STANDINGS: readonly (string | undefined)[] = [undefined, undefined, 'user-input', undefined, 'watched-program'];

async function register(server: RunningServer, agents: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < agents; index += 1) {
    const { agent_id } = await call<{ agent_id: string }>(server, '/agents/register', {
      agentId: '',
      body: {
        installation_id: randomUUID(),
        agent_name: `edit-${index + 1}`,
        agent_version: '0.1.0',
        platform: ['linux-x64', 'win-x64', 'mac-arm64'][index % 3],
        capabilities: isSignedOff(index) ? [] : ABLE,
        max_parallel_jobs: 2,
      },
    });
    const stands_by = STANDINGS[index % STANDINGS.length];
    const standing = encodeURIComponent(JSON.stringify({ roots: ['RUSHES', 'SOUND'], stands_by }));
    await call(server, '/jobs', { agentId: agent_id, headers: { [AGENT_STATUS_HEADER]: standing } });
    ids.push(agent_id);
  }
  return ids;
}

async function importFiles(operator: BusyCatalogue['operator'], files: number): Promise<void> {
  const batch = randomUUID();
  for (let from = 0; from < files; from += 100) {
    const some = Array.from({ length: Math.min(100, files - from) }, (_, index) => from + index);
    await operator('/assets/import', {
      batch,
      files: some.map((index) => ({
        source_path: index >= files * 0.9 ? pathOf(index).replace('RUSHES', 'ARCHIVE') : pathOf(index),
        jobs: JOB_TYPES.filter((type) => type !== 'transcribe_audio' || index % 4 === 0).map((job_type) => ({
          job_type,
        })),
      })),
    });
  }
}

interface Offer {
  readonly job_id: string;
  readonly job_type: JobType;
  readonly inputs: { readonly source_path: string };
}

/** Jobs that wait where they can be read and that somebody can do, in their order: agents may claim any of them. */
async function readable(operator: BusyCatalogue['operator'], jobs: number): Promise<readonly Offer[]> {
  const found: Offer[] = [];
  let cursor = '';
  while (found.length < jobs) {
    const path = `/jobs/all?status=pending&order=queue&limit=500${cursor}`;
    const { items, next_cursor } = await operator<{ items: readonly Offer[]; next_cursor?: string }>(path);
    const some = items.filter(
      (job) => job.job_type !== 'transcribe_audio' && !job.inputs.source_path.startsWith('ARCHIVE'),
    );
    found.push(...some);
    if (next_cursor === undefined) break;
    cursor = `&cursor=${encodeURIComponent(next_cursor)}`;
  }
  return found.slice(0, jobs);
}

async function failSome(server: RunningServer, ids: readonly string[], jobs: readonly Offer[]): Promise<void> {
  for (const [index, { job_id, inputs }] of jobs.entries()) {
    const holder = ids[index % Math.min(3, ids.length)] ?? '';
    // Some causes befall more than others.
    const [code, sentence] = CAUSES[Math.floor(Math.sqrt(index % 64))] ?? CAUSES[0]!;
    const { lock_token } = await call<{ lock_token: string }>(server, `/jobs/${job_id}/claim`, {
      agentId: holder,
      method: 'POST',
    });
    const message = sentence(inputs.source_path.split('/').at(-1) ?? '', index);
    await call(server, `/jobs/${job_id}/fail`, {
      agentId: holder,
      body: { lock_token, error_code: code, message, retryable: false },
    });
  }
}

async function workOnSome(server: RunningServer, ids: readonly string[], jobs: readonly Offer[]): Promise<void> {
  const left = [...jobs];
  for (const [index, agentId] of ids.entries()) {
    // Every third has nothing to do; of the others some are full. Some have signed off.
    if (index % 3 === 2 || isSignedOff(index)) continue;
    for (const { job_id } of left.splice(0, 1 + (index % 2))) {
      const { lock_token } = await call<{ lock_token: string }>(server, `/jobs/${job_id}/claim`, {
        agentId,
        method: 'POST',
      });
      const beat = { lock_token, progress: ((index * 37) % 100) / 100, stage: 'encoding' };
      await call(server, `/jobs/${job_id}/heartbeat`, { agentId, body: beat });
    }
  }
}
