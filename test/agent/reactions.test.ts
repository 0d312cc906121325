import { createHash, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Artifact } from '../../electron/work/execution.ts';
import type { IntakeState } from '../../electron/agent/intake/admission.ts';
import { considerOffers } from '../../electron/agent/intake/offers.ts';
import { startPolling } from '../../electron/agent/intake/poll.ts';
import type { Offer } from '../../electron/agent/server/offer.ts';
import { register } from '../../electron/agent/intake/register.ts';
import { claim, recordClaimIntent } from '../../electron/agent/jobs/claim.ts';
import { deliver } from '../../electron/agent/jobs/deliver.ts';
import type { DeliveryContext } from '../../electron/agent/jobs/run-context.ts';
import { uploadArtifact } from '../../electron/agent/jobs/upload.ts';
import { createLeaseLoop } from '../../electron/agent/lease/lease-loop.ts';
import type { FromLeaseThread } from '../../electron/agent/lease/messages.ts';
import { ANSWERS, type AnswerKind } from '../../electron/agent/server/outcome.ts';
import { CALLS, REACTIONS, reactionTo, type CallName, type Reaction } from '../../electron/agent/server/reactions.ts';
import { failure } from '../../shared/failure.ts';
import {
  claimedRun,
  createTestServices,
  steadyLease,
  type TestServices,
  wireJobOf,
} from '../support/agent-services.ts';
import { offerOf } from '../../electron/agent/server/dialect.ts';
import { eventually } from '../support/children/alive.ts';
import { startScriptedServer, type Scripted, type ScriptedServer } from '../support/scripted-server.ts';

/** protocol.md, "Calls of the agent" and "Answers and reactions", written out by hand. */
const TABLE = `
call            | ok     400     401   403   404     409   410     413     422      423   429   5xx   timeout reset redirect malformed
register        | accept refused token token refused retry refused refused refused  retry retry retry retry   retry refused  refused
jobs            | accept refused token token again   retry again   refused refused  retry retry retry retry   retry refused  refused
summary         | accept without without without without without without without without without without without without without without without
claim           | accept leave   token token leave   leave leave   leave   leave    leave retry retry retry   retry retry    retry
heartbeat       | accept keep    keep  keep  lost    lost  purged  keep    keep     lost  keep  keep  keep    keep  keep     keep
submit          | accept reject  token token lost    lost  purged  reject  reject   lost  retry retry retry   retry retry    accept
fail            | accept giveup  token token lost    lost  purged  giveup  giveup   lost  retry retry retry   retry retry    accept
upload-init     | accept failed  token token failed  lost  purged  failed  failed   lost  retry retry retry   retry retry    retry
upload-part     | accept resend  token token anew    lost  anew    smaller resend   lost  retry retry retry   retry retry    retry
upload-part-url | accept resend  token token anew    lost  anew    smaller resend   lost  retry retry retry   retry retry    retry
upload-complete | accept failed  token token anew    lost  anew    failed  anew     lost  retry retry retry   retry retry    retry
upload-status   | accept anew    token token anew    anew  anew    anew    anew     lost  retry retry retry   retry without  without
`;

const NAMES: Readonly<Record<string, Reaction>> = {
  accept: 'accept',
  refused: 'refused',
  token: 'ask-for-token',
  retry: 'retry',
  again: 'register-again',
  without: 'do-without',
  leave: 'leave-offer',
  keep: 'keep-until-deadline',
  lost: 'lease-lost',
  purged: 'job-purged',
  reject: 'report-rejected',
  giveup: 'give-up',
  failed: 'upload-failed',
  resend: 'send-part-again',
  anew: 'begin-upload-anew',
  smaller: 'smaller-parts',
};

interface Row {
  readonly call: CallName;
  readonly answer: AnswerKind;
  readonly reaction: Reaction;
}

const ROWS: readonly Row[] = readTable();

function readTable(): Row[] {
  const [head = '', ...lines] = TABLE.trim().split('\n');
  const answers = (head.split('|')[1] ?? '').trim().split(/\s+/) as AnswerKind[];
  return lines.flatMap((line) => {
    const [call = '', cells = ''] = line.split('|');
    const words = cells.trim().split(/\s+/);
    return answers.map((answer, index) => ({
      call: call.trim() as CallName,
      answer,
      reaction: NAMES[words[index] ?? ''] ?? ('unnamed' as Reaction),
    }));
  });
}

/** What a server that gives this kind of answer really sends. */
function scripted(answer: AnswerKind, call: CallName): Scripted {
  switch (answer) {
    case 'ok':
      return { status: 201, body: good(call) };
    case '5xx':
      return { status: 503 };
    case 'timeout':
      // A part may take two minutes: there the answer of an impatient proxy stands for silence.
      return call === 'upload-part' || call === 'heartbeat' ? { status: 408 } : 'silence';
    case 'reset':
      return 'reset';
    case 'redirect':
      return { status: 307, headers: { Location: 'http://127.0.0.1:1/' } };
    case 'malformed':
      return { status: 200, body: '<html>Welcome to the hotel network</html>' };
    default:
      // Without a body: the status alone must be enough.
      return { status: Number(answer), body: '' };
  }
}

const JOB = randomUUID();
const AGENT = randomUUID();
/** Of the scripted server that answers. */
let origin = '';

function good(call: string): unknown {
  const answers: Readonly<Record<string, unknown>> = {
    register: { agent_id: AGENT, server_policy: {} },
    jobs: [],
    summary: { by_status: {}, by_missing_capability: {} },
    claim: { job_id: JOB, job_type: 'generate_thumbnails', lock_token: 'lock-1' },
    heartbeat: { locked_until: new Date(Date.now() + 60_000).toISOString() },
    'upload-init': { upload_id: 'u1', max_part_size_bytes: 131_072 },
    'upload-part': { etag: 'e' },
    'upload-part-url': { url: `${origin}/bucket/key?signature`, headers: {}, expires_in_seconds: 900 },
    'upload-complete': { ref: 'r1' },
    'upload-status': { parts: [] },
  };
  return answers[call] ?? {};
}

describe('the table', () => {
  it('has one reaction for every call and every answer, the documented one', () => {
    expect(ROWS).toHaveLength(CALLS.length * ANSWERS.length);
    expect(Object.fromEntries(ROWS.map((row) => [`${row.call} ${row.answer}`, row.reaction]))).toEqual(
      Object.fromEntries(
        CALLS.flatMap((call) => ANSWERS.map((answer) => [`${call} ${answer}`, REACTIONS[call][answer]])),
      ),
    );
  });

  it('ends the job on PURGED, whichever part of the upload it answers', () => {
    for (const call of ['upload-init', 'upload-part', 'upload-complete', 'upload-status'] as const) {
      expect(reactionTo(call, '410', 'PURGED')).toBe('job-purged');
    }
  });
});

const openIntake: IntakeState = {
  phase: 'working',
  freeSlots: 2,
  freeLeases: 2,
  allowedRoots: undefined,
  maxSourceBytes: undefined,
  readsAlong: () => false,
  declared: new Set(),
  allowedJobTypes: undefined,
  quietUntil: null,
  yielding: false,
  heldOffUntil: () => undefined,
  crashes: () => 0,
  profileProblem: () => null,
};

describe('a 409 on an upload', () => {
  it.each(['upload-part', 'upload-complete'] as const)('%s: speaks of the lease only with STATE_CONFLICT', (call) => {
    expect(reactionTo(call, '409', 'STATE_CONFLICT')).toBe('lease-lost');
    expect(reactionTo(call, '409')).toBe('lease-lost');
    expect(reactionTo(call, '409', 'UPLOAD_FINISHED')).toBe('begin-upload-anew');
    expect(reactionTo('submit', '409', 'UPLOAD_FINISHED')).toBe('lease-lost');
  });
});

describe('what the agent does', () => {
  let server: ScriptedServer;
  let rig: TestServices;
  beforeEach(async () => {
    server = await startScriptedServer(good);
    origin = server.url;
    rig = createTestServices(server.url);
  });
  afterEach(async () => {
    rig.close();
    await server.close();
  });
  const calls = (call: CallName): number => server.heard.filter((heard) => heard.call === call).length;
  /** The two tries were the same bytes with the same key. */
  const sameTwice = (call: CallName): void => {
    const [first, second, ...more] = server.heard.filter((heard) => heard.call === call);
    expect(more).toEqual([]);
    if (call !== 'upload-part') expect(second).toEqual(first);
  };
  const waitedFor = (reaction: Reaction): void => {
    // 60 s for a refused token, which is then read again; else half of the first 2 s.
    expect(rig.clock.slept[0]).toBe(reaction === 'ask-for-token' ? 60_000 : 1_000);
    expect(rig.tokenReads()).toBe(reaction === 'ask-for-token' ? 1 : 0);
  };

  const drivers: Readonly<Record<CallName, (row: Row) => Promise<void>>> = {
    register: (row) => polls(row),
    jobs: (row) => polls(row),
    summary: (row) => polls(row),
    claim: async ({ reaction }) => {
      const offer = offerOf({ ...wireJobOf(claimedRun(rig)), job_id: JOB });
      const before = rig.services.journal.runs().length;
      const run = recordClaimIntent(rig.services, offer, 'generate_thumbnails');
      const result = await claim(rig.services, run, new AbortController().signal);
      expect(result.kind).toBe(reaction === 'leave-offer' ? 'left' : 'claimed');
      expect(rig.services.journal.runs()).toHaveLength(before + (reaction === 'leave-offer' ? 0 : 1));
      expect(calls('claim')).toBe(reaction === 'accept' || reaction === 'leave-offer' ? 1 : 2);
      if (calls('claim') === 2) {
        sameTwice('claim');
        waitedFor(reaction);
      }
    },
    heartbeat: async ({ reaction }) => {
      const said: FromLeaseThread[] = [];
      const loop = createLeaseLoop({
        client: rig.services.client,
        clock: rig.clock,
        send: (message) => said.push(message),
        killGroup: () => undefined,
      });
      const grant = { deadline: rig.clock.monotonic() + 1e9, grantedMs: 90_000 };
      loop.receive({ type: 'hold', lease: { runId: 'r', jobId: JOB, lockToken: 'lock-1', grant, executed: false } });
      await eventually(() => said[0]);
      loop.receive({ type: 'release', runId: 'r' });
      const lost = reaction === 'lease-lost' || reaction === 'job-purged';
      expect(said[0]).toMatchObject(
        lost ? { type: 'lost', because: reaction === 'job-purged' ? 'purged' : 'refused' } : { type: 'extended' },
      );
      if (reaction === 'keep-until-deadline') expect(calls('heartbeat')).toBeGreaterThanOrEqual(2);
      if (lost) expect(calls('heartbeat')).toBe(1);
    },
    submit: async ({ reaction }) => {
      const delivered = await deliver(context(), { kind: 'success', success: transcript });
      reports('submit', reaction, delivered);
      const rejected = reaction === 'report-rejected';
      expect(calls('fail')).toBe(rejected ? 1 : 0);
      const fail = server.heard.find(({ call }) => call === 'fail');
      if (rejected)
        expect(JSON.parse(fail?.body ?? '')).toMatchObject({ error_code: 'OUTPUT_INVALID', retryable: false });
    },
    fail: async ({ reaction }) => {
      const value = failure('NO_AUDIO_TRACK', 'No sound.');
      reports('fail', reaction, await deliver(context(), { kind: 'failure', failure: value }));
    },
    'upload-init': (row) => uploads(row),
    'upload-part': (row) => uploads(row),
    'upload-part-url': async (row) => {
      const body = { upload_id: 'u1', max_part_size_bytes: 131_072, part_url_origin: server.url };
      server.always('upload-init', { status: 200, body });
      server.always('store-put', { status: 200, headers: { etag: '"e"' } });
      if (row.reaction !== 'send-part-again') return uploads(row);
      // What the server has against the part, it says once more of the part itself.
      await uploads({ ...row, reaction: 'accept' });
      expect([calls('upload-part'), server.heard.some(({ call }) => call === 'store-put')]).toEqual([1, false]);
    },
    'upload-complete': (row) => uploads(row),
    'upload-status': async (row) => {
      const deps = context();
      rig.services.journal.saveUpload(deps.run.runId, {
        artifact: 0,
        generation: 0,
        partSize: 131_072,
        uploadId: 'u0',
      });
      await uploads(row, deps);
    },
  };

  const context = (): DeliveryContext => ({
    ...rig.services,
    run: claimedRun(rig),
    lease: steadyLease(),
    signal: new AbortController().signal,
  });

  const reports = (call: 'submit' | 'fail', reaction: Reaction, delivered: { readonly kind: string }): void => {
    const ends: Partial<Record<Reaction, string>> = { 'lease-lost': 'lease-lost', 'job-purged': 'job-purged' };
    expect(delivered.kind).toBe(ends[reaction] ?? 'reported');
    const waits = reaction === 'retry' || reaction === 'ask-for-token';
    expect(calls(call)).toBe(waits ? 2 : 1);
    if (waits) {
      sameTwice(call);
      waitedFor(reaction);
    }
  };

  const uploads = async ({ call, reaction }: Row, deps = context()): Promise<void> => {
    const artifact: Artifact = {
      kind: 'thumb',
      file: 'thumb.webp',
      contentType: 'image/webp',
      sizeBytes: 10,
      sha256: createHash('sha256').update(Buffer.alloc(10, 7)).digest('hex'),
    };
    const result = await uploadArtifact(deps, 0, artifact).catch((error: unknown) => error);
    switch (reaction) {
      case 'lease-lost':
      case 'job-purged':
        expect(result).toEqual({ kind: reaction });
        expect(calls(call)).toBe(1);
        return;
      case 'upload-failed':
        expect(result).toMatchObject({ failure: { code: 'UPLOAD_FAILED', retryable: true } });
        expect(calls(call)).toBe(1);
        return;
      case 'begin-upload-anew':
        expect(result).toEqual({ kind: 'uploaded', ref: 'r1' });
        expect(rig.services.journal.upload(deps.run.runId, 0)?.generation).toBe(1);
        if (call !== 'upload-status') {
          const [first, second] = server.heard.filter((heard) => heard.call === 'upload-init');
          expect(second?.key).not.toBe(first?.key);
        }
        return;
      case 'do-without':
        // The same upload goes on with what the journal knows.
        expect(result).toEqual({ kind: 'uploaded', ref: 'r1' });
        expect([calls(call), calls('upload-init')]).toEqual([1, 0]);
        return;
      case 'smaller-parts':
        expect(result).toEqual({ kind: 'uploaded', ref: 'r1' });
        expect(rig.services.journal.upload(deps.run.runId, 0)?.partSize).toBe(65_536);
        return;
      case 'accept':
        expect(result).toEqual({ kind: 'uploaded', ref: 'r1' });
        expect(calls(call)).toBe(1);
        return;
      default:
        expect(result).toEqual({ kind: 'uploaded', ref: 'r1' });
        expect(calls(call)).toBe(2);
        if (reaction !== 'send-part-again') {
          sameTwice(call);
          waitedFor(reaction);
        }
    }
  };

  const polls = async ({ call, reaction }: Row): Promise<void> => {
    const over = new AbortController();
    let considered = 0;
    const poll = startPolling({
      services: rig.services,
      declaration: () => 1,
      consider: async () => {
        considered += 1;
        over.abort();
        return [];
      },
      signal: over.signal,
      register: async () => {
        const identity = { installationId: randomUUID(), setAgentId: () => undefined };
        const { reaction: what, reply } = await register(rig.services, identity, ['media.thumbnails@1'], over.signal);
        return { accepted: what === 'accept', reply };
      },
    });
    await poll.ended;
    expect(considered).toBe(1);
    expect(calls('register')).toBe(
      (call === 'register' && reaction !== 'accept') || reaction === 'register-again' ? 2 : 1,
    );
    expect(calls('jobs')).toBe(call === 'jobs' && reaction !== 'accept' ? 2 : 1);
    expect(calls('summary')).toBe(1);
    if (['retry', 'ask-for-token', 'refused'].includes(reaction)) waitedFor(reaction);
    if (call === 'summary') expect(rig.services.store.snapshot().backlog === null).toBe(reaction !== 'accept');
  };

  for (const row of ROWS) {
    it(`${row.call}: ${row.answer} → ${row.reaction}`, async () => {
      server.next(row.call, scripted(row.answer, row.call));
      await drivers[row.call](row);
    });
  }

  it('uploads anew when the server says that the upload, not the lease, is in another state', async () => {
    const body = { code: 'UPLOAD_FINISHED', message: 'That upload is finished.' };
    server.next('upload-part', { status: 409, body });
    await uploads({ call: 'upload-init', answer: 'ok', reaction: 'begin-upload-anew' });
    expect([calls('upload-init'), calls('upload-part')]).toEqual([2, 2]);
  });

  it('reads the other offers of a page in which one has no usable identity', async () => {
    const offer = wireJobOf(claimedRun(rig));
    const spoilt = { ...offer, job_id: 'not-a-uuid' };
    server.next('jobs', { status: 200, body: { items: [spoilt, { ...offer, status: 'pending' }, 'nonsense'] } });
    const over = new AbortController();
    const seen: string[] = [];
    const poll = startPolling({
      services: rig.services,
      declaration: () => 1,
      consider: async (offers) => {
        seen.push(...offers.map(({ jobId }) => jobId));
        over.abort();
        return [];
      },
      signal: over.signal,
      register: async () => ({ accepted: true, reply: { answer: 'ok', status: 200, sentAt: 0, summary: '' } }),
    });
    await poll.ended;
    expect(seen).toEqual([offer.job_id]);
    expect(calls('jobs')).toBe(1);
  });

  it('asks no further than some pages of a server that gives cursors without offers', async () => {
    for (let page = 0; page < 200; page += 1) {
      server.next('jobs', { status: 200, body: { items: [], next_cursor: `page-${page}` } });
    }
    const over = new AbortController();
    const poll = startPolling({
      services: rig.services,
      declaration: () => 1,
      consider: async () => (over.abort(), []),
      signal: over.signal,
      register: async () => ({ accepted: true, reply: { answer: 'ok', status: 200, sentAt: 0, summary: '' } }),
    });
    await poll.ended;
    expect(calls('jobs')).toBe(25);
    // And none of them is hurried.
    expect(rig.clock.slept).toEqual(Array.from({ length: 24 }, () => 1_000));
  });

  it('takes an offer once from a page, although its job ends before the next page comes', async () => {
    const [done, waits] = ['a', 'b'].map(() => offerOf({ ...wireJobOf(claimedRun(rig)), inputs: null }));
    if (done === undefined || waits === undefined) throw new Error('two offers were made');
    const taken: string[] = [];
    const deps = {
      services: rig.services,
      state: () => ({ ...openIntake, freeSlots: 1 - taken.length }),
      isActive: () => false,
      take: async (offer: Offer) => void taken.push(offer.jobId),
    };
    const left = await considerOffers(deps, [done, waits]);
    expect(left).toEqual([waits]);
    taken.length = 0;
    await considerOffers(deps, left);
    expect(taken).toEqual([waits.jobId]);
  });

  it('looks at the next offer while a claim is not answered', async () => {
    const taken: string[] = [];
    const offers = ['a', 'b'].map((name) =>
      offerOf({ ...wireJobOf(claimedRun(rig)), inputs: null, priority: name === 'a' ? 1 : 0 }),
    );
    await considerOffers(
      {
        services: rig.services,
        state: () => ({ ...openIntake, freeSlots: 2 - taken.length }),
        isActive: () => false,
        take: (offer) => {
          taken.push(offer.jobId);
          return taken.length === 1 ? new Promise(() => undefined) : Promise.resolve();
        },
      },
      offers,
    );
    expect(taken).toEqual(offers.map((offer) => offer.jobId));
  });

  it('gives a part three tries, then the upload counts as failed', async () => {
    for (let n = 0; n < 3; n += 1) server.next('upload-part', { status: 422 });
    await uploads({ call: 'upload-init', answer: 'ok', reaction: 'upload-failed' });
    expect(calls('upload-part')).toBe(3);
  });

  it('lets Retry-After win over its own waiting', async () => {
    server.next('submit', { status: 503, headers: { 'Retry-After': '7' } });
    await deliver(context(), { kind: 'success', success: transcript });
    expect(rig.clock.slept).toEqual([7_000]);
  });

  it('waits as long as a server says that has enough of it', async () => {
    server.next('upload-init', { status: 429, headers: { 'Retry-After': '30' } });
    await uploadArtifact(context(), 0, {
      kind: 'thumb',
      file: 'thumb.webp',
      contentType: 'image/webp',
      sizeBytes: 10,
      sha256: createHash('sha256').update(Buffer.alloc(10, 7)).digest('hex'),
    });
    expect([rig.clock.slept, calls('upload-init')]).toEqual([[30_000], 2]);
  });

  it('doubles its waiting up to 60 s while nobody answers', async () => {
    for (let n = 0; n < 8; n += 1) server.next('submit', { status: 503 });
    await deliver(context(), { kind: 'success', success: transcript });
    expect(rig.clock.slept).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('asks for a submit that may have arrived until it is answered, although the lease is gone', async () => {
    const deps = { ...context(), lease: steadyLease() };
    server.next('submit', 'reset');
    const sleep = rig.clock.sleep;
    rig.services.clock.sleep = async (ms, signal) => {
      deps.lease.lose();
      await sleep(ms, signal);
    };
    const delivered = await deliver(deps, { kind: 'success', success: transcript });
    expect([delivered.kind, calls('submit'), calls('fail')]).toEqual(['reported', 2, 0]);
  });
});

const transcript = {
  artifacts: [],
  outputs: { jobType: 'transcribe_audio' as const, transcript: { text: 'Hello', language: 'en', segments: [] } },
  warnings: [],
  metrics: {},
};
