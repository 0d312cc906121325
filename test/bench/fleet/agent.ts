import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Reply } from './client.ts';
import type { FleetOptions } from './options.ts';

/** What the agents of a run know to be so, for the audit of the tables. */
export interface Memory {
  /** Lock token → job, of every claim that was answered 200. */
  readonly claims: Map<string, string>;
  /** Jobs whose result was answered 200, and how often. */
  readonly submitted: Map<string, number>;
  /** Tokens whose holders fell silent on purpose. */
  readonly abandoned: Set<string>;
  /** Leases that were lost although their holders went on: what happened instead. */
  readonly lost: string[];
  /** Writes that were accepted under a token whose lease was over. */
  readonly staleAccepted: string[];
  /** Answers that the protocol does not know here. */
  readonly odd: string[];
  /** When something was last accepted of an agent that holds a lease or takes one, by the monotonic clock. */
  acceptedAt: number;
  /** The longest time without, in ms, since somebody set it to 0. */
  longestSilence: number;
}

export const newMemory = (): Memory => ({
  claims: new Map(),
  submitted: new Map(),
  abandoned: new Set(),
  lost: [],
  staleAccepted: [],
  odd: [],
  acceptedAt: 0,
  longestSilence: 0,
});

export interface World {
  readonly client: Client;
  readonly memory: Memory;
  readonly options: FleetOptions;
  readonly random: () => number;
  /** Aborted: everybody stops where they are. */
  readonly signal: AbortSignal;
}

export interface SimulatedAgent {
  /** At the usual pace, until the run is over. */
  work(): Promise<void>;
  /** One poll, and as many claims as it has slots for at a time, whatever it holds. Answers how many it got. */
  fill(): Promise<number>;
}

interface Job {
  readonly jobId: string;
  readonly assetUuid: string;
  readonly type: string;
  readonly token: string;
}

/** What it declares; nobody declares proxies. */
const CAPABILITIES = ['media.thumbnails@1', 'speech.transcription@1'];
const THUMB_BYTES = 8_192;
/** How jobs end; what is left over is submitted. */
const FAILED = 0.03;
const GIVEN_BACK = 0.02;
const VANISHED = 0.02;
/** What it says to a server that took its lease away; anything else is odd. */
const OVER = [409, 423];

export function createAgent({ client, memory, options, random, signal }: World, name: string): SimulatedAgent {
  const installation = randomUUID();
  let agentId: string | undefined;
  let running = 0;
  const pause = (seconds: number) => sleep(seconds * 1_000, undefined, { signal }).catch(() => {});
  const post = (call: string, path: string, body?: unknown, key?: string): Promise<Reply | null> =>
    client.ask({
      call,
      method: 'POST',
      path,
      ...(agentId === undefined ? {} : { agentId }),
      ...(key === undefined ? {} : { key }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const isOk = (reply: Reply | null): boolean => {
    if (reply?.status !== 200) return false;
    const now = performance.now();
    memory.longestSilence = Math.max(memory.longestSilence, now - memory.acceptedAt);
    memory.acceptedAt = now;
    return true;
  };
  const noteOdd = (what: string, reply: Reply): void => {
    memory.odd.push(`${what}: ${reply.status} ${JSON.stringify(reply.body)}`);
  };

  async function register(): Promise<void> {
    const body = { installation_id: installation, agent_name: name, agent_version: '1', capabilities: CAPABILITIES };
    const reply = await post('register', '/agents/register', body);
    if (reply?.status === 200) agentId = String(reply.body['agent_id']);
    else if (reply !== null) noteOdd('register', reply);
  }

  async function offers(): Promise<readonly string[]> {
    if (agentId === undefined) await register();
    if (agentId === undefined) return [];
    const reply = await client.ask({ call: 'poll', method: 'GET', path: '/jobs', agentId });
    if (reply?.status !== 200) return [];
    return (reply.body['items'] as readonly { readonly job_id: string }[]).map(({ job_id }) => job_id);
  }

  async function claim(jobId: string): Promise<Job | null> {
    const reply = await post('claim', `/jobs/${jobId}/claim`, undefined, randomUUID());
    if (reply !== null && reply.status !== 200 && reply.status !== 409) noteOdd('claim', reply);
    if (reply === null || !isOk(reply)) return null;
    const token = String(reply.body['lock_token']);
    memory.claims.set(token, jobId);
    return { jobId, assetUuid: String(reply.body['asset_uuid']), type: String(reply.body['job_type']), token };
  }

  const beat = (job: Job) =>
    post('heartbeat', `/jobs/${job.jobId}/heartbeat`, { lock_token: job.token, progress: random() });

  /** Keeps a lease until `over`, which it aborts itself where the lease was lost. */
  async function keep(job: Job, over: AbortController): Promise<void> {
    const until = AbortSignal.any([signal, over.signal]);
    while (!until.aborted) {
      await sleep((options.leaseSeconds * 1_000) / 3, undefined, { signal: until }).catch(() => {});
      if (until.aborted) return;
      const reply = await beat(job);
      // What ended meanwhile has no lease any more.
      if (reply === null || isOk(reply) || over.signal.aborted) continue;
      lose(job, 'heartbeat', reply);
      over.abort();
    }
  }

  function lose(job: Job, what: string, reply: Reply): void {
    if (OVER.includes(reply.status))
      memory.lost.push(`${job.jobId} ${what}: ${reply.status} ${JSON.stringify(reply.body)}`);
    else noteOdd(what, reply);
  }

  async function run(job: Job): Promise<void> {
    const over = new AbortController();
    const kept = keep(job, over);
    await workOn(job, over).finally(() => over.abort());
    await kept;
  }

  async function workOn(job: Job, over: AbortController): Promise<void> {
    const isOver = () => signal.aborted || over.signal.aborted;
    const seconds = options.jobSeconds * (0.5 + random());
    const ending = random();
    if (ending < VANISHED) memory.abandoned.add(job.token);
    await sleep(seconds * 1_000, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => {});
    if (isOver()) return;
    if (ending < VANISHED) return vanish(job, over);
    if (ending < VANISHED + FAILED) return give(job, 'ENCODE_FAILED', true);
    if (ending < VANISHED + FAILED + GIVEN_BACK) return give(job, 'PREEMPTED', true);
    const files = job.type === 'generate_thumbnails' ? await upload(job) : [];
    if (files === null || isOver()) return;
    const reply = await post('submit', `/jobs/${job.jobId}/submit`, resultOf(job, files), randomUUID());
    if (isOk(reply)) memory.submitted.set(job.jobId, (memory.submitted.get(job.jobId) ?? 0) + 1);
    else if (reply !== null && !isOver()) lose(job, 'submit', reply);
  }

  async function give(job: Job, code: string, retryable: boolean): Promise<void> {
    const body = { lock_token: job.token, error_code: code, message: 'as the dice fell', retryable };
    const reply = await post('fail', `/jobs/${job.jobId}/fail`, body, randomUUID());
    if (reply !== null && !isOk(reply)) lose(job, 'fail', reply);
  }

  /** Falls silent with a job in its hand, and comes back when the lease is over for certain. */
  async function vanish(job: Job, over: AbortController): Promise<void> {
    over.abort();
    await pause(options.leaseSeconds * 1.5);
    if (signal.aborted) return;
    const writes = [beat(job), post('stale', `/jobs/${job.jobId}/submit`, resultOf(job, []), randomUUID())];
    for (const reply of await Promise.all(writes)) {
      if (reply?.status === 200) memory.staleAccepted.push(`${job.jobId} under ${job.token}`);
    }
  }

  function refused(job: Job, what: string, reply: Reply | null): null {
    if (reply !== null) lose(job, what, reply);
    return null;
  }

  async function upload(job: Job): Promise<readonly Uploaded[] | null> {
    const bytes = randomBytes(THUMB_BYTES);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = { kind: 'thumb', content_type: 'image/webp', size_bytes: bytes.length, sha256 };
    const path = `/assets/${job.assetUuid}/derived/upload`;
    const lease = { job_id: job.jobId, lock_token: job.token };
    const begun = await post('init', `${path}/init`, { ...lease, ...file }, randomUUID());
    if (!isOk(begun)) return refused(job, 'init', begun);
    const upload_id = String(begun?.body['upload_id']);
    const form = formOf({ upload_id, lock_token: job.token, part_number: '1' }, bytes);
    const part = await client.ask({
      call: 'part',
      method: 'POST',
      path: `${path}/part`,
      ...(agentId === undefined ? {} : { agentId }),
      ...form,
    });
    if (!isOk(part)) return refused(job, 'part', part);
    const parts = [{ part_number: 1, etag: String(part?.body['etag']) }];
    const body = { upload_id, lock_token: job.token, parts };
    const complete = await post('complete', `${path}/complete`, body, randomUUID());
    if (!isOk(complete)) return refused(job, 'complete', complete);
    return [{ ...file, ref: String(complete?.body['ref']) }];
  }

  async function fill(): Promise<number> {
    let got = 0;
    for (const jobId of await offers()) {
      if (got >= options.slots || signal.aborted) break;
      if ((await claim(jobId)) !== null) got += 1;
    }
    return got;
  }

  async function work(): Promise<void> {
    const jobs = new Set<Promise<void>>();
    // Everybody comes at another moment, as they do in a studio.
    await pause(random() * options.jobSeconds);
    let ended = Promise.withResolvers<void>();
    while (!signal.aborted) {
      for (const jobId of await offers()) {
        if (running >= options.slots || signal.aborted) break;
        const job = await claim(jobId);
        if (job === null) continue;
        running += 1;
        const done = run(job).finally(() => {
          running -= 1;
          jobs.delete(done);
          ended.resolve();
        });
        jobs.add(done);
      }
      await Promise.race([pause(options.pollSeconds), ended.promise]);
      ended = Promise.withResolvers<void>();
    }
    await Promise.all(jobs);
  }

  return { work, fill };
}

interface Uploaded {
  readonly kind: string;
  readonly ref: string;
  readonly content_type: string;
  readonly size_bytes: number;
  readonly sha256: string;
}

function resultOf({ type, token }: Job, files: readonly Uploaded[]): Readonly<Record<string, unknown>> {
  const text = 'Camera A, take three.';
  const segments = [{ start_ms: 0, end_ms: 1_000, text }];
  const isThumb = type === 'generate_thumbnails';
  return {
    lock_token: token,
    job_type: type,
    success: true,
    errors: [],
    output: isThumb
      ? { thumbnails: files.map((file, index) => ({ ...file, index, time_ms: index, width: 16, height: 9 })) }
      : { transcript_text: text, segments },
    result: {
      derived_manifest: files,
      ...(isThumb ? {} : { transcript: { text, language: 'en', segments } }),
      warnings: [],
      metrics: { wall_ms: 1 },
    },
  };
}

function formOf(fields: Readonly<Record<string, string>>, bytes: Buffer): { body: Buffer; contentType: string } {
  const boundary = 'rushcatalog-fleet-4c1f';
  const head = Object.entries(fields)
    .map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join('');
  const file = `--${boundary}\r\nContent-Disposition: form-data; name="chunk"; filename="part"\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head + file), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { body, contentType: `multipart/form-data; boundary=${boundary}` };
}
