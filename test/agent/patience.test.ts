import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Artifact, ExecutionOutcome } from '../../electron/work/execution.ts';
import { claim, recordClaimIntent } from '../../electron/agent/jobs/claim.ts';
import { deliver } from '../../electron/agent/jobs/deliver.ts';
import type { DeliveryContext } from '../../electron/agent/jobs/run-context.ts';
import { uploadArtifact } from '../../electron/agent/jobs/upload.ts';
import { failure } from '../../shared/failure.ts';
import {
  claimedRun,
  createTestServices,
  steadyLease,
  type TestServices,
  wireJobOf,
} from '../support/agent-services.ts';
import { offerOf } from '../../electron/agent/server/dialect.ts';
import { startScriptedServer, type Scripted, type ScriptedServer } from '../support/scripted-server.ts';

const HOUR_MS = 3_600_000;
/** What one call is answered for ever, while the lease is prolonged. */
const BROKEN: Readonly<Record<string, Scripted>> = {
  500: { status: 500 },
  'a page of a proxy': { status: 200, body: '<html>Welcome</html>' },
  'a redirect': { status: 302, headers: { Location: 'http://127.0.0.1:1/' } },
};
const LATER: Readonly<Record<string, Scripted>> = {
  429: { status: 429 },
  503: { status: 503 },
  'a broken line': 'reset',
  'a gateway that waited long enough': { status: 408 },
};
const UPLOAD_CALLS = ['upload-init', 'upload-part', 'upload-complete'] as const;

let server: ScriptedServer;
let rig: TestServices;
beforeEach(async () => {
  server = await startScriptedServer(good);
  rig = createTestServices(server.url);
});
afterEach(async () => {
  rig.close();
  await server.close();
});

const calls = (call: string): number => server.heard.filter((heard) => heard.call === call).length;

function context(): DeliveryContext & { readonly lease: ReturnType<typeof steadyLease> } {
  return { ...rig.services, run: claimedRun(rig), lease: steadyLease(), signal: new AbortController().signal };
}

/** What came of it, and how long it waited by its own clock. */
async function timed<T>(work: Promise<T>): Promise<readonly [T, number]> {
  const begun = rig.clock.monotonic();
  const result = await work;
  return [result, rig.clock.monotonic() - begun];
}

const upload = (): Promise<unknown> => uploadArtifact(context(), 0, THUMB).catch((error: unknown) => error);
const UPLOAD_FAILED = { failure: { code: 'UPLOAD_FAILED', retryable: true } };

describe.each(UPLOAD_CALLS)('%s, which alone never gets an answer of use', (call) => {
  it.each(Object.keys(BROKEN))('%s: eight tries of each of four uploads, then it failed', async (kind) => {
    server.always(call, BROKEN[kind] ?? 'reset');
    expect(await upload()).toMatchObject(UPLOAD_FAILED);
    expect([calls('upload-init'), calls(call)]).toEqual([call === 'upload-init' ? 32 : 4, 32]);
  });

  it.each(Object.keys(LATER))('%s: an hour, then it failed', async (kind) => {
    server.always(call, LATER[kind] ?? 'reset');
    const [result, waited] = await timed(upload());
    expect(result).toMatchObject(UPLOAD_FAILED);
    expect(calls('upload-init')).toBe(call === 'upload-init' ? calls(call) : 1);
    expectAnHour(waited);
  });
});

it('counts broken answers also where others come between them', async () => {
  for (let n = 0; n < 100; n += 1) server.next('upload-part', { status: n % 2 === 0 ? 500 : 503 });
  expect(await upload()).toMatchObject(UPLOAD_FAILED);
  expect(calls('upload-part')).toBe(15 + 3 * 16);
});

it('begins an upload anew four times at most, whatever asks for it', async () => {
  server.always('upload-part', { status: 410 });
  expect(await upload()).toMatchObject(UPLOAD_FAILED);
  expect([calls('upload-init'), calls('upload-part')]).toEqual([4, 4]);
});

it('asks eight times at least, however long the server sends it away', async () => {
  server.always('upload-part', { status: 503, headers: { 'Retry-After': '3600' } });
  expect(await upload()).toMatchObject(UPLOAD_FAILED);
  expect(calls('upload-part')).toBe(8);
});

describe.each(['submit', 'fail'] as const)('a %s that never gets a definite answer', (call) => {
  const outcome = call === 'submit' ? success() : failed();

  it.each(['429', '503', '500', 'a redirect', 'a broken line'])(
    '%s, under a lease that is prolonged: an hour, then the lease is left, and nothing else is said',
    async (kind) => {
      server.always(call, { ...BROKEN, ...LATER }[kind] ?? 'reset');
      const [delivered, waited] = await timed(deliver(context(), outcome));
      expect(delivered).toEqual({ kind: 'lease-lost' });
      expect([calls('submit') > 0, calls('fail') > 0]).toEqual([call === 'submit', call === 'fail']);
      expectAnHour(waited);
    },
  );

  it('is asked on for two weeks where it may have arrived and the lease is gone', async () => {
    server.always(call, { status: 503, headers: { 'Retry-After': '3600' } });
    const deps = context();
    const sleep = rig.clock.sleep;
    rig.services.clock.sleep = async (ms, signal) => {
      deps.lease.lose();
      await sleep(ms, signal);
    };
    const [delivered, waited] = await timed(deliver(deps, outcome));
    expect(delivered).toEqual({ kind: 'lease-lost' });
    expect(waited / 86_400_000).toBeCloseTo(14, 1);
  });
});

describe('a claim that never gets an answer of use', () => {
  const tryToClaim = async (): Promise<readonly [string, string | undefined, boolean]> => {
    const run = recordClaimIntent(rig.services, offerOf(wireJobOf(claimedRun(rig))), 'generate_thumbnails');
    const { kind } = await claim(rig.services, run, new AbortController().signal);
    const intended = rig.services.journal.runs().some(({ runId }) => runId === run.runId);
    return [kind, rig.services.journal.heldOffUntil(run.jobId) ?? undefined, intended];
  };
  const tenMinutesOn = (): string => new Date(rig.clock.now() + 10 * 60_000).toISOString();

  it.each([...Object.keys(BROKEN), 'no lock_token'])('%s: eight tries, then others may have it', async (kind) => {
    const { lock_token: _, ...unlocked } = wireJobOf(claimedRun(rig));
    server.always('claim', BROKEN[kind] ?? { status: 200, body: unlocked });
    expect(await tryToClaim()).toEqual(['left', tenMinutesOn(), false]);
    expect(calls('claim')).toBe(8);
  });

  it.each(Object.keys(LATER))('%s: an hour, then others may have it', async (kind) => {
    server.always('claim', LATER[kind] ?? 'reset');
    const [result, waited] = await timed(tryToClaim());
    expect(result).toEqual(['left', tenMinutesOn(), false]);
    expectAnHour(waited);
  });
});

/** The waits are of 60 s at most. */
function expectAnHour(waitedMs: number): void {
  expect(waitedMs).toBeGreaterThanOrEqual(HOUR_MS);
  expect(waitedMs).toBeLessThan(HOUR_MS + 60_000);
}

function success(): ExecutionOutcome {
  const transcript = { text: 'Hello', language: 'en', segments: [] };
  const outputs = { jobType: 'transcribe_audio' as const, transcript };
  return { kind: 'success', success: { artifacts: [], outputs, warnings: [], metrics: {} } };
}

function failed(): ExecutionOutcome {
  return { kind: 'failure', failure: failure('NO_AUDIO_TRACK', 'No sound.') };
}

function good(call: string): unknown {
  const answers: Readonly<Record<string, unknown>> = {
    'upload-init': { upload_id: 'u1', max_part_size_bytes: 131_072 },
    'upload-part': { etag: 'e' },
    'upload-complete': { ref: 'r1' },
  };
  return answers[call] ?? {};
}

const THUMB: Artifact = {
  kind: 'thumb',
  file: 'thumb.webp',
  contentType: 'image/webp',
  sizeBytes: 10,
  sha256: createHash('sha256').update(Buffer.alloc(10, 7)).digest('hex'),
};
