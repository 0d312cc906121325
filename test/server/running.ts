import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { API_BASE } from '../../shared/wire.ts';
import { type DerivedKind } from '../../shared/facts.ts';
import { type JobType } from '../../shared/job.ts';
import type { ServerOptions } from '../../server/options.ts';
import { createServer, type RunningServer } from '../../server/server.ts';
import { testDatabase } from '../support/postgres.ts';

/** A real server on loopback over a folder of its own, with a clock the test moves, and the calls a client makes. */

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

export interface CallOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string | null;
  readonly agentId?: string | null;
  readonly key?: string;
  readonly headers?: Record<string, string>;
}

export interface Clock {
  now: number;
}

export interface Rig {
  server: RunningServer;
  readonly clock: Clock;
  readonly dataDir: string;
  /** Where the suite runs on one. */
  readonly postgres: ServerOptions['postgres'];
  agentId: string;
  readonly installationId: string;
  /** As the registered agent. */
  agent<T = Record<string, unknown>>(path: string, options?: CallOptions): Promise<Answer<T>>;
  /** As a person. */
  operator<T = Record<string, unknown>>(path: string, options?: CallOptions): Promise<Answer<T>>;
  /** The same folder, another server. */
  restart(more?: Partial<ServerOptions>): Promise<void>;
  stop(): Promise<void>;
}

export const ALL_CAPABILITIES = [
  'media.proxies.video@1',
  'media.thumbnails@1',
  'audio.waveform@1',
  'speech.transcription@1',
];

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** `registered: false` leaves it to the test to register the first agent. */
export async function startRig({
  registered = true,
  ...overrides
}: Partial<ServerOptions> & { registered?: boolean } = {}): Promise<Rig> {
  const dataDir = overrides.dataDir ?? (await mkdtemp(join(tmpdir(), 'rushcatalog-server-')));
  const clock: Clock = { now: Date.parse('2026-03-01T12:00:00Z') };
  const onTest = overrides.postgres === undefined ? await testDatabase() : undefined;
  const options: ServerOptions = {
    dataDir,
    clock: () => clock.now,
    sweepIntervalSeconds: 0,
    ...(onTest === undefined ? {} : { postgres: onTest.postgres }),
    ...overrides,
  };
  const rig: Rig = {
    server: await createServer(options),
    clock,
    dataDir,
    postgres: options.postgres,
    agentId: '',
    installationId: randomUUID(),
    agent: (path, call = {}) =>
      send(rig.server.url, path, { token: rig.server.agentToken, agentId: rig.agentId, ...call }),
    operator: (path, call = {}) => send(rig.server.url, path, { token: rig.server.operatorToken, ...call }),
    restart: async (more = {}) => {
      await rig.server.close();
      rig.server = await createServer({ ...options, ...more });
    },
    stop: async () => {
      await rig.server.close();
      await onTest?.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  if (registered) rig.agentId = await registerAgent(rig, rig.installationId, ALL_CAPABILITIES);
  return rig;
}

export async function registerAgent(
  rig: Rig,
  installationId: string,
  capabilities: readonly string[],
  token?: string,
): Promise<string> {
  const answer = await rig.agent<{ agent_id: string }>('/agents/register', {
    agentId: null,
    body: { installation_id: installationId, agent_name: 'edit-3', agent_version: '0.1.0', capabilities },
    ...(token === undefined ? {} : { token }),
  });
  if (answer.status !== 200) throw new Error(`register answered ${answer.status}`);
  return answer.body.agent_id;
}

export async function send<T>(url: string, path: string, options: CallOptions): Promise<Answer<T>> {
  const { body, token, agentId, key } = options;
  const form = body instanceof FormData;
  const headers: Record<string, string> = { ...options.headers };
  if (token !== undefined && token !== null) headers['authorization'] = `Bearer ${token}`;
  if (agentId !== undefined && agentId !== null && agentId !== '') headers['x-agent-id'] = agentId;
  if (key !== undefined) headers['idempotency-key'] = key;
  if (body !== undefined && !form) headers['content-type'] ??= 'application/json';
  const response = await fetch(`${url}${API_BASE}${path}`, {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    headers,
    ...(body === undefined ? {} : { body: form || typeof body === 'string' ? body : JSON.stringify(body) }),
    redirect: 'error',
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(text) as T };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export async function newAsset(rig: Rig, path = `RUSHES/${randomUUID()}.mov`): Promise<string> {
  const { body } = await rig.operator<{ uuid: string }>('/assets', { body: { source_path: path } });
  return body.uuid;
}

export interface MadeJob {
  readonly jobId: string;
  readonly assetUuid: string;
}

export async function newJob(
  rig: Rig,
  jobType: JobType = 'generate_thumbnails',
  more: { priority?: number; assetUuid?: string } = {},
): Promise<MadeJob> {
  const assetUuid = more.assetUuid ?? (await newAsset(rig));
  const { body, status } = await rig.operator<{ job_id: string }>('/jobs', {
    body: { asset_uuid: assetUuid, job_type: jobType, inputs: {}, priority: more.priority },
  });
  if (status !== 200) throw new Error(`POST /jobs answered ${status}: ${JSON.stringify(body)}`);
  return { jobId: body.job_id, assetUuid };
}

export interface ClaimedJob extends MadeJob {
  readonly lockToken: string;
}

export async function claimNew(rig: Rig, jobType: JobType = 'generate_thumbnails'): Promise<ClaimedJob> {
  return claimJob(rig, await newJob(rig, jobType));
}

export async function claimJob(rig: Rig, job: MadeJob): Promise<ClaimedJob> {
  const claim = await rig.agent<{ lock_token: string }>(`/jobs/${job.jobId}/claim`, { method: 'POST' });
  if (claim.status !== 200) throw new Error(`claim answered ${claim.status}: ${JSON.stringify(claim.body)}`);
  return { ...job, lockToken: claim.body.lock_token };
}

export interface Uploaded {
  readonly kind: DerivedKind;
  readonly ref: string;
  readonly content_type: string;
  readonly size_bytes: number;
  readonly sha256: string;
}

export interface FileToSend {
  readonly bytes: Buffer;
  readonly kind?: DerivedKind;
  readonly contentType?: string;
}

export function initBody(job: ClaimedJob, file: FileToSend): Record<string, unknown> {
  return {
    job_id: job.jobId,
    lock_token: job.lockToken,
    kind: file.kind ?? 'thumb',
    content_type: file.contentType ?? 'image/webp',
    size_bytes: file.bytes.length,
    sha256: sha256(file.bytes),
  };
}

export async function beginUpload(
  rig: Rig,
  job: ClaimedJob,
  file: FileToSend,
): Promise<{ uploadId: string; partSize: number }> {
  const path = `/assets/${job.assetUuid}/derived/upload/init`;
  const { status, body } = await rig.agent<{ upload_id: string; max_part_size_bytes: number }>(path, {
    body: initBody(job, file),
  });
  if (status !== 200) throw new Error(`init answered ${status}: ${JSON.stringify(body)}`);
  return { uploadId: body.upload_id, partSize: body.max_part_size_bytes };
}

export function partForm(fields: Record<string, string>, bytes: Buffer, chunkFirst = false): FormData {
  const form = new FormData();
  if (chunkFirst) form.append('chunk', new Blob([new Uint8Array(bytes)]), 'part');
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (!chunkFirst) form.append('chunk', new Blob([new Uint8Array(bytes)]), 'part');
  return form;
}

export async function sendPart(
  rig: Rig,
  job: ClaimedJob,
  part: { uploadId: string; number: number; bytes: Buffer; sha256?: string; chunkFirst?: boolean; lockToken?: string },
): Promise<Answer<{ etag: string; code: string; details: { field: string; message: string }[] }>> {
  const fields = {
    upload_id: part.uploadId,
    lock_token: part.lockToken ?? job.lockToken,
    part_number: String(part.number),
  };
  return rig.agent(`/assets/${job.assetUuid}/derived/upload/part`, {
    body: partForm(fields, part.bytes, part.chunkFirst),
    headers: { 'x-part-sha256': part.sha256 ?? sha256(part.bytes) },
  });
}

export async function upload(rig: Rig, job: ClaimedJob, file: FileToSend): Promise<Uploaded> {
  const { uploadId, partSize } = await beginUpload(rig, job, file);
  const parts: { part_number: number; etag: string }[] = [];
  for (let at = 0; at < file.bytes.length; at += partSize) {
    const number = parts.length + 1;
    const { body } = await sendPart(rig, job, { uploadId, number, bytes: file.bytes.subarray(at, at + partSize) });
    parts.push({ part_number: number, etag: body.etag });
  }
  const { status, body } = await rig.agent<{ ref: string }>(`/assets/${job.assetUuid}/derived/upload/complete`, {
    body: { upload_id: uploadId, lock_token: job.lockToken, parts },
  });
  if (status !== 200) throw new Error(`complete answered ${status}: ${JSON.stringify(body)}`);
  const init = initBody(job, file) as unknown as Uploaded;
  const { kind, content_type, size_bytes, sha256: hash } = init;
  return { kind, ref: body.ref, content_type, size_bytes, sha256: hash };
}

/** A complete result of a thumbnails job made of these files. */
export function thumbsResult(job: ClaimedJob, files: readonly Uploaded[]): Record<string, unknown> {
  return {
    lock_token: job.lockToken,
    job_type: 'generate_thumbnails',
    success: true,
    errors: [],
    output: {
      thumbnails: files.map((file, index) => ({ ...file, index, time_ms: index * 1_000, width: 16, height: 9 })),
    },
    result: { derived_manifest: files, warnings: [], metrics: { wall_ms: 12 } },
  };
}

export async function claimAndSubmit(rig: Rig, job: ClaimedJob, bytes = randomBytes(64)): Promise<Uploaded> {
  const file = await upload(rig, job, { bytes });
  const { status, body } = await rig.agent(`/jobs/${job.jobId}/submit`, { body: thumbsResult(job, [file]) });
  if (status !== 200) throw new Error(`submit answered ${status}: ${JSON.stringify(body)}`);
  return file;
}
