import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import * as wire from '../../shared/wire.ts';
import * as wireAgentPolicy from '../../shared/wire-agent-policy.ts';
import * as wireResults from '../../shared/wire-results.ts';
import { partForm, send, startRig, type Answer, type Rig } from '../server/running.ts';

/**
 * The examples beside this file were written by hand from protocol.md. They are held against the schemas and against
 * the running server; another server can be held against them in the same way. In an answer, ids, instants, hashes,
 * tokens and sentences stand for any value of their kind; everything else is meant literally.
 */
interface Golden {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly scope: 'agent' | 'operator' | 'none';
  readonly request_schema: string | null;
  readonly answer_schema: string | null;
  readonly examples: readonly Example[];
}

interface Example {
  readonly name: string;
  /** The state before the call; STATES below makes it. */
  readonly given: string;
  readonly request: {
    readonly token?: 'agent' | null;
    readonly idempotency_key?: string;
    readonly body?: unknown;
    /** Multipart fields; `chunk` is base64. */
    readonly form?: Readonly<Record<string, string>>;
    readonly part_sha256?: string;
  };
  readonly answer: { readonly status: number; readonly body: unknown };
}

const NAMES = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.json'));
const GOLDEN = NAMES.map((name): [string, Golden] => [
  name,
  JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as Golden,
]);

/** The ids that the examples use, and what the server gave out instead. */
const ASSET = '5b0c1f0e-9c1d-4b6e-8f3a-2d7e64c1a901';
const JOB = '0d9f3a52-7a61-4f0e-b5c8-91e2f4d6a702';
const AGENT = 'c4e8b1d7-2f36-4a90-9d15-6b7f0a3e8c03';
const LOCK = '3yX0mT9cQ1vR5nLkZb8WfA2sHdJ7uPeG';
const UPLOAD = 'a6f4c2d8-1b7e-4935-8e0a-5c9d3f7b2e05';
const REF = '8c1f6e0ab92d47538e64d1c7f3a0b529';
const ONE_TIME = 'one-time-token';

interface World {
  readonly rig: Rig;
  readonly live: Map<string, string>;
}

const example = (file: string, name?: string): Example => {
  const golden = GOLDEN.find(([each]) => each === file)?.[1];
  const found = golden?.examples.find((each) => name === undefined || each.name === name);
  if (found === undefined) throw new Error(`there is no example ${name ?? ''} in ${file}`);
  return found;
};

const bind = (world: World, name: string, value: unknown): void => void world.live.set(name, String(value));

async function play(world: World, file: string, name?: string): Promise<Answer> {
  const golden = GOLDEN.find(([each]) => each === file)?.[1];
  if (golden === undefined) throw new Error(`there is no ${file}`);
  const answer = await perform(world, golden, example(file, name));
  if (answer.status !== 200) throw new Error(`${file} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer;
}

/** Each state is reached by the examples themselves. */
const STATES: Record<string, (world: World) => Promise<void>> = {
  nothing: async () => {},
  asset: async (world) => bind(world, ASSET, (await play(world, 'assets-create.json')).body['uuid']),
  registered: async (world) => bind(world, AGENT, (await play(world, 'agents-register.json')).body['agent_id']),
  enrollment: async (world) => bind(world, ONE_TIME, (await play(world, 'agents-enrollments.json')).body['token']),
  'job without agent': async (world) => {
    await reach(world, 'asset');
    const body = { asset_uuid: world.live.get(ASSET), job_type: 'generate_thumbnails' };
    bind(world, JOB, (await world.rig.operator('/jobs', { body })).body['job_id']);
  },
  'rules said': async (world) => {
    await reach(world, 'registered');
    await play(world, 'agents-policy.json');
  },
  'job pending': async (world) => {
    await reach(world, 'registered');
    await reach(world, 'job without agent');
  },
  'job claimed': async (world) => {
    await reach(world, 'job pending');
    bind(world, LOCK, (await play(world, 'jobs-claim.json')).body['lock_token']);
  },
  'cancel requested': async (world) => {
    await reach(world, 'job claimed');
    await world.rig.operator(`/jobs/${world.live.get(JOB)}/cancel`, { method: 'POST' });
  },
  'job failed': async (world) => {
    await reach(world, 'job claimed');
    const message = 'The file has no picture.';
    const body = { lock_token: world.live.get(LOCK), error_code: 'NO_VIDEO_TRACK', message, retryable: false };
    await world.rig.agent(`/jobs/${world.live.get(JOB)}/fail`, { agentId: world.live.get(AGENT) ?? '', body });
  },
  'upload begun': async (world) => {
    await reach(world, 'job claimed');
    bind(world, UPLOAD, (await play(world, 'upload-init.json')).body['upload_id']);
  },
  'part sent': async (world) => {
    await reach(world, 'upload begun');
    await play(world, 'upload-part.json');
  },
  'file uploaded': async (world) => {
    await reach(world, 'part sent');
    bind(world, REF, (await play(world, 'upload-complete.json')).body['ref']);
  },
  'job completed': async (world) => {
    await reach(world, 'file uploaded');
    await play(world, 'jobs-submit.json');
  },
  'asset purged': async (world) => {
    await reach(world, 'job claimed');
    await world.rig.server.purgeAsset(world.live.get(ASSET) ?? '');
  },
};

async function reach(world: World, state: string): Promise<void> {
  const make = STATES[state];
  if (make === undefined) throw new Error(`no state is called “${state}”`);
  await make(world);
}

/** The example with the server's own ids in place of its own. */
function alive<T>(world: World, value: T): T {
  let text = JSON.stringify(value);
  for (const [name, id] of world.live) text = text.replaceAll(name, id);
  return JSON.parse(text) as T;
}

async function perform(world: World, golden: Golden, { request }: Example): Promise<Answer> {
  const { server } = world.rig;
  const { path, body, form, key } = alive(world, {
    path: golden.path,
    body: request.body ?? null,
    form: request.form ?? null,
    key: request.idempotency_key ?? null,
  });
  const scope = request.token === undefined ? golden.scope : request.token;
  const token = { agent: server.agentToken, operator: server.operatorToken, none: null }[scope ?? 'none'];
  const { chunk = '', ...fields } = form ?? {};
  const content = form === null ? body : partForm(fields, Buffer.from(chunk, 'base64'));
  return send(server.url, path, {
    method: golden.method,
    token,
    ...(scope === 'agent' ? { agentId: world.live.get(AGENT) ?? randomUUID() } : {}),
    ...(key === null ? {} : { key }),
    ...(content === null ? {} : { body: content }),
    ...(request.part_sha256 === undefined ? {} : { headers: { 'x-part-sha256': request.part_sha256 } }),
  });
}

const KINDS: readonly (readonly [string, RegExp])[] = [
  ['a UUID', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/],
  ['an instant', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/],
  ['an opaque reference', /^[0-9a-f]{32}$/],
  ['a token', /^[\w-]{32,}$/],
];

/** What an answer has to look like: literal, but for values of a kind, which are named as that kind. */
function abstract(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => abstract(each, key));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, abstract(each, name)]));
  }
  if (typeof value !== 'string' || key === 'etag' || key === 'sha256') return value;
  if (key === 'message') return value === '' ? '' : 'a sentence';
  return KINDS.find(([, pattern]) => pattern.test(value))?.[0] ?? value;
}

const SCHEMAS = { ...wire, ...wireResults, ...wireAgentPolicy } as unknown as Readonly<
  Record<string, z.ZodType | undefined>
>;

function schemaNamed(name: string): z.ZodType {
  const item = name.startsWith('items of ') ? name.slice('items of '.length) : null;
  const schema = SCHEMAS[item ?? name];
  if (schema === undefined) throw new Error(`shared/wire.ts has no ${name}`);
  return item === null ? schema : z.object({ items: z.array(schema) });
}

const EXAMPLES = GOLDEN.flatMap(([file, golden]) =>
  golden.examples.map((each) => [`${file}: ${each.name}`, golden, each] as const),
);

describe('the schemas take what the protocol says', () => {
  test.each(EXAMPLES)('%s', (_name, golden, { request, answer }) => {
    if (golden.request_schema !== null && request.body !== undefined) {
      const accepted = schemaNamed(golden.request_schema).safeParse(request.body).success;
      const details = (answer.body as { details?: { field?: string }[] }).details;
      const field = Array.isArray(details) ? details[0]?.field : undefined;
      // What only the server's state can refuse (a ref that was never uploaded) is well-formed.
      const known = answer.status === 422 && !/^(result\.|parts\.)/.test(field ?? '');
      const lacksToken = (answer.body as { code?: string }).code === 'LOCK_REQUIRED';
      expect(accepted).toBe(!known && !lacksToken);
    }
    const schema = answer.status === 200 ? golden.answer_schema : 'ErrorBody';
    if (schema !== null) expect(schemaNamed(schema).safeParse(answer.body).error).toBeUndefined();
  });
});

describe('the server answers what the protocol says', () => {
  let rig: Rig | undefined;
  afterEach(() => rig?.stop());

  test.each(EXAMPLES)('%s', async (_name, golden, each) => {
    rig = await startRig({ clock: Date.now, registered: false });
    const world: World = { rig, live: new Map() };
    await reach(world, each.given);
    const answer = await perform(world, golden, each);
    const { request_id: requestId, ...body } = answer.body;
    // Of a refusal, and the same as the header says.
    expect(requestId).toBe(answer.status === 200 ? undefined : answer.headers.get('x-request-id'));
    const received = answer.status === 200 || each.answer.status !== 200 ? body : { unexpected: body };
    expect([answer.status, abstract(received)]).toEqual([each.answer.status, abstract(each.answer.body)]);
  });
});
