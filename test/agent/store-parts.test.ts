import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { uploadArtifact } from '../../electron/agent/jobs/upload.ts';
import { workspacePath } from '../../electron/work/workspace/workspace.ts';
import { claimedRun, createTestServices, steadyLease } from '../support/agent-services.ts';
import { BUCKET, startS3, type Fault, type SeenRequest } from '../support/s3/stand-in.ts';
import { claimNew, sha256, startRig } from '../server/running.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const PART = 64 * 1024;
const BYTES = randomBytes(3 * PART + 5);

interface Sent {
  /** Parts that the store took straight from the agent, and those that it took from the server. */
  readonly direct: number;
  readonly byServer: number;
  readonly seen: readonly SeenRequest[];
  readonly told: readonly string[];
  readonly waited: readonly number[];
}

/** One upload of four parts by an agent whose settings name these stores. `ofPart`: what happens to the n-th of them. */
async function send(
  origins: (store: string) => readonly string[],
  ofPart: (number: number) => Fault | undefined = () => undefined,
): Promise<Sent> {
  const store = await startS3({ minPartBytes: PART });
  undo.push(() => store.close());
  const derived = { address: `s3://${BUCKET}`, endpoint: store.url, region: store.region, credentials: store.keys };
  const server = await startRig({ maxPartSizeBytes: PART, derived });
  undo.push(() => server.stop());
  const agent = createTestServices(server.server.url, 10_000, {
    credentials: () => ({ token: server.server.agentToken, agentId: server.agentId }),
    storeOrigins: () => origins(store.url),
  });
  undo.push(() => agent.close());
  const { jobId, assetUuid, lockToken } = await claimNew(server);
  const run = { ...claimedRun(agent), jobId, assetUuid };
  const file = { kind: 'thumb', file: 'thumb.webp', contentType: 'image/webp' } as const;
  writeFileSync(join(workspacePath(agent.services.workFolder, run.runId), file.file), BYTES);
  const from = store.requests.length;
  let parts = 0;
  store.faults(({ query }) => (query.has('X-Amz-Signature') ? ofPart((parts += 1)) : undefined));
  const context = {
    ...agent.services,
    run,
    lease: { ...steadyLease(), lockToken },
    signal: new AbortController().signal,
  };
  const uploaded = await uploadArtifact(context, 0, { ...file, sizeBytes: BYTES.length, sha256: sha256(BYTES) });
  if (uploaded.kind !== 'uploaded') throw new Error(uploaded.kind);
  const [object] = [...store.bucket.objects].flatMap(([key, { bytes }]) => (key.endsWith(uploaded.ref) ? [bytes] : []));
  expect(sha256(object ?? '')).toBe(sha256(BYTES));
  const seen = store.requests.slice(from);
  const taken = seen.filter(
    ({ method, query, status }) => method === 'PUT' && query.has('partNumber') && status === 200,
  );
  expect(seen.filter(({ headers }) => /bearer/i.test(headers.authorization ?? '') || 'x-agent-id' in headers)).toEqual(
    [],
  );
  return {
    direct: taken.filter(({ signed }) => signed === 'query').length,
    byServer: taken.filter(({ signed }) => signed === 'header').length,
    seen,
    told: agent.services.jobLogs.read(jobId).map(({ message }) => message),
    waited: agent.clock.slept,
  };
}

describe('parts of an upload', () => {
  it('go to the store that the settings name, with their checksum and without a token', async () => {
    const { direct, byServer, seen, told } = await send((store) => [store]);
    expect([direct, byServer, told]).toEqual([4, 0, []]);
    const puts = seen.filter(({ signed }) => signed === 'query');
    expect(puts.every(({ headers }) => headers['x-amz-checksum-sha256'] !== undefined)).toBe(true);
    expect(puts.every(({ query }) => query.get('X-Amz-SignedHeaders')?.includes('content-length') === true)).toBe(true);
  });

  it('go through the server where the settings do not name its store, and why is told', async () => {
    const { direct, byServer, told } = await send(() => ['https://another.example']);
    expect([direct, byServer]).toEqual([0, 4]);
    expect(told).toEqual([
      expect.stringMatching(/^STORE_ORIGIN_REFUSED: .* add http:\/\/127\.0\.0\.1:\d+ to storeOrigins/),
    ]);
  });

  it.each([
    ['a cut connection', { cutAfter: 1_000 }],
    ['changed bytes', { flipAt: 5 }],
    ['an address that has expired', { aheadMs: 3_600_000 }],
    ['an answer that is lost', { swallow: true }],
  ])('are put again under a new address after %s', async (_name, fault) => {
    const { direct, byServer, waited } = await send(
      (store) => [store],
      (number) => (number === 2 ? fault : undefined),
    );
    expect(direct + byServer).toBeGreaterThanOrEqual(4);
    expect([byServer, waited]).toEqual([0, [500]]);
  });

  it('go through the server where the store cannot be reached from here', async () => {
    const { direct, byServer, told } = await send(
      (store) => [store],
      () => ({ answer: 403 }),
    );
    expect([direct, byServer]).toEqual([0, 4]);
    expect(told[0]).toContain('the store answered 403. It goes through the server.');
  });
});
