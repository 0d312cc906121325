import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Agent } from '../../electron/agent/agent.ts';
import { createCoreAgent, filed, sourceFile } from '../support/core-agent.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { BUCKET, startS3, type Fault, type S3StandIn, type SeenRequest } from '../support/s3/stand-in.ts';
import { age, allEnded, openStudio, seeded, type Studio } from '../support/studio.ts';
import { createFindings, type Campaign, type Findings, type Lane } from './campaign.ts';

const PART = 64 * 1024;
const PARTS = 8;
/** The last part is shorter. */
const BYTES = (PARTS - 1) * PART + 1_000;
const HOUR_MS = 3_600_000;

type Asked = Pick<SeenRequest, 'method' | 'query'>;
const isPart = ({ method, query }: Asked): boolean => method === 'PUT' && query.has('partNumber');
const isDirect = (asked: Asked): boolean => isPart(asked) && asked.query.has('X-Amz-Signature');
const isStep = (asked: Asked): boolean => isPart(asked) || (asked.method === 'POST' && asked.query.has('uploadId'));

/** What goes wrong in one run. */
interface Trouble {
  readonly name: string;
  /** Of requests as they reach the store: which, and what happens to so many of them. */
  readonly on?: (asked: Asked) => boolean;
  readonly fault?: (random: () => number) => Fault;
  /** What somebody on the way makes of the address that the agent asks or is told. */
  readonly address?: (url: string) => string;
  readonly times: readonly [number, number];
}

/** Each is refused or healed; which run has which follows from its number. */
const TROUBLES: readonly Trouble[] = [
  { name: 'cuts', on: isDirect, fault: (random) => ({ cutAfter: Math.floor(random() * PART) }), times: [4, 8] },
  { name: 'cuts', on: isPart, fault: (random) => ({ cutAfter: Math.floor(random() * PART) }), times: [4, 8] },
  { name: 'lost answers', on: isStep, fault: () => ({ swallow: true }), times: [1, 4] },
  { name: 'changed bytes', on: isPart, fault: (random) => ({ flipAt: Math.floor(random() * 1_000) }), times: [1, 4] },
  { name: 'expired addresses', on: isDirect, fault: () => ({ aheadMs: HOUR_MS }), times: [1, 4] },
  { name: 'changed addresses', address: (url) => url.replace(/partNumber=(\d+)/, 'partNumber=9$1'), times: [1, 4] },
  { name: 'addresses elsewhere', address: (url) => url, times: [1, 2] },
  { name: 'errors of the store', on: isStep, fault: () => ({ answer: 503 }), times: [1, 6] },
];

/** `compares` false: the store compares no checksum and knows no conditions; the server has to. */
export const s3Of = (compares: boolean): Campaign => ({
  name: 's3',
  proves:
    'uploads to a store past the server: connections cut, answers lost, bytes, addresses and times changed; each is refused or healed, the file is the same, no bearer reaches the store',
  runs: 100,
  minutes: 40,
  lanes: 1,
  lacks: () => NO_FFMPEG,
  open: () => openLane(compares),
});

export const s3 = s3Of(true);

interface Rig {
  readonly store: S3StandIn;
  readonly studio: Studio;
  readonly agent: Agent;
  readonly trap: Trap;
  /** Between the agent and everybody: changes the address it was told. */
  tamper: (url: string) => string;
}

async function openLane(compares: boolean): Promise<Lane> {
  const store = await startS3({ minPartBytes: PART, checksums: compares, conditions: compares });
  const derived = {
    address: `s3://${BUCKET}/studio`,
    endpoint: store.url,
    region: store.region,
    credentials: store.keys,
  };
  const studio = await openStudio({ maxPartSizeBytes: PART, derived });
  const trap = await openTrap();
  const source = join(studio.media, 'a.mov');
  sourceFile(source);
  age(source);
  const agent = createCoreAgent({
    serverUrl: studio.server.url,
    token: studio.server.agentToken,
    workFolder: join(studio.folder, 'work'),
    roots: [{ name: 'MEDIA', path: studio.media }],
    behaviours: { noise: (context) => filed(context, BYTES, (_index, length) => NOISE.subarray(0, length)) },
    settings: { storeOrigins: [store.url] },
    deps: { random: () => 0.02, fetch: (input, init) => tampering(rig, input, init) },
  });
  const rig: Rig = { store, studio, agent, trap, tamper: (url) => url };
  await agent.start();
  return {
    async run(index, random) {
      const found = createFindings();
      const trouble = TROUBLES[index % TROUBLES.length];
      if (trouble !== undefined) await oneUpload(rig, trouble, random, found);
      return found.result();
    },
    async close() {
      await agent.stop(0);
      await studio.close();
      await trap.close();
      await store.close();
      return { broken: [] };
    },
  };
}

async function oneUpload(rig: Rig, trouble: Trouble, random: () => number, found: Findings): Promise<void> {
  const { store, studio, agent, trap } = rig;
  const [least, most] = trouble.times;
  let left = least + Math.floor(random() * (most - least + 1));
  const from = store.requests.length;
  const before = new Set(store.bucket.objects.keys());
  const took = (): boolean => left > 0 && (left -= 1) >= 0;
  store.faults((asked) => (trouble.on?.(asked) === true && took() ? trouble.fault?.(random) : undefined));
  rig.tamper = (url) => {
    if (trouble.address === undefined || !took()) return url;
    found.count(trouble.name);
    return trouble.name === 'addresses elsewhere' ? url.replace(store.url, trap.url) : trouble.address(url);
  };
  const jobId = await studio.operator.job('MEDIA/a.mov', 'generate_thumbnails', { thumbnail_profile: 'noise' });
  agent.wake();
  await allEnded(studio.operator);
  store.faults(undefined);
  rig.tamper = (url) => url;
  const seen = store.requests.slice(from);
  const hit = seen.filter(({ fault }) => fault !== undefined);
  if (trouble.address === undefined) found.count(trouble.name, hit.length);
  const job = (await studio.operator.jobs()).find(({ job_id }) => job_id === jobId);
  found.expect('the job is done', job?.status === 'completed', job);
  found.expect(
    'the file is the same',
    (await download(studio, String(job?.asset_uuid), jobId)) === EXPECTED,
    trouble.name,
  );
  const made = [...store.bucket.objects.keys()].filter((key) => key.includes('/derived/') && !before.has(key));
  found.expect('one object is there', made.length === 1, made);
  found.expect('nothing is left begun', store.bucket.uploads.size === 0, [...store.bucket.uploads]);
  if (trouble.name === 'expired addresses') {
    found.expect('an expired address is refused', hit.length > 0 && hit.every(({ status }) => status === 403), hit);
  }
  if (trouble.name === 'changed addresses') {
    const refused = seen.filter(({ signed, status }) => signed === null && status === 403);
    found.expect('a changed address is refused', refused.length > 0, seen.length);
  }
  found.expect('nothing goes to an origin that is not named', trap.heard.length === 0, trap.heard);
  found.expect('no bearer and no id of the agent reaches the store', seen.every(isAnonymous), seen.length);
  found.count('parts at the store', seen.filter((each) => isDirect(each) && each.status === 200).length);
  found.count('parts through the server', seen.filter((each) => isPart(each) && !isDirect(each)).length);
}

function isAnonymous({ headers }: SeenRequest): boolean {
  const names = Object.keys(headers);
  return !/bearer/i.test(headers.authorization ?? '') && !names.includes('x-agent-id') && !names.includes('cookie');
}

/** What the agent was answered, with another address in it. */
async function tampering(rig: Rig, ...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const answer = await fetch(input, init);
  if (!String(input).endsWith('/upload/part-url') || answer.status !== 200) return answer;
  // As the server answers it.
  const signed = (await answer.json()) as { readonly url: string };
  return Response.json({ ...signed, url: rig.tamper(signed.url) });
}

interface Trap {
  readonly url: string;
  readonly heard: readonly string[];
  close(): Promise<void>;
}

/** An address in the same network that nobody named. */
async function openTrap(): Promise<Trap> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // An address of a TCP server, which this is.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

/** No two parts alike. */
const NOISE = Buffer.from(Array.from({ length: BYTES }, seededByte(7)));
const EXPECTED = createHash('sha256').update(NOISE).digest('hex');

function seededByte(seed: number): () => number {
  const random = seeded(seed);
  return () => Math.floor(random() * 256);
}

async function download(studio: Studio, asset: string, jobId: string): Promise<string> {
  const { items } = await studio.operator.call<{ items: { ref: string; job_id: string }[] }>(
    `/assets/${asset}/derived`,
  );
  const ref = items.find(({ job_id }) => job_id === jobId)?.ref ?? 'none';
  const answer = await fetch(`${studio.server.url}/api/v1/assets/${asset}/derived/${ref}`, {
    headers: { authorization: `Bearer ${studio.server.operatorToken}` },
  });
  return createHash('sha256')
    .update(Buffer.from(await answer.arrayBuffer()))
    .digest('hex');
}
