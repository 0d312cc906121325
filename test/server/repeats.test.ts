import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { CAPABILITY_OF } from '../../shared/job.ts';
import {
  beginUpload,
  claimNew,
  registerAgent,
  sendPart,
  startRig,
  thumbsResult,
  upload,
  type ClaimedJob,
  type Rig,
} from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

/** What the job's agent answers its own repeat, and what another one gets for the same bytes. */
async function repeated(path: string, body: unknown, other: string): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (const [agentId, key] of [
    [rig.agentId, path.slice(-20)],
    [rig.agentId, path.slice(-20)],
    [rig.agentId, undefined],
    [other, path.slice(-20)],
    [other, undefined],
  ] as const) {
    const answer = await rig.agent(path, { body, agentId, ...(key === undefined ? {} : { key }) });
    statuses.push(answer.status);
  }
  return statuses;
}

describe('a repeat of what was accepted', () => {
  const begin = async (): Promise<{ readonly job: ClaimedJob; readonly other: string }> => {
    rig = await startRig();
    const other = await registerAgent(rig, randomUUID(), [CAPABILITY_OF.generate_thumbnails]);
    return { job: await claimNew(rig), other };
  };

  test('is answered 200 to its agent alone: submit', async () => {
    const { job, other } = await begin();
    const file = await upload(rig, job, { bytes: randomBytes(9) });
    const result = thumbsResult(job, [file]);
    expect(await repeated(`/jobs/${job.jobId}/submit`, result, other)).toEqual([200, 200, 200, 409, 409]);
    expect(await rig.server.ledger({ event: 'jobSubmitted' })).toHaveLength(1);
  });

  test.each([true, false])('fail, retryable: %s', async (retryable) => {
    const { job, other } = await begin();
    const body = { lock_token: job.lockToken, error_code: 'TIMEOUT', message: 'late', retryable };
    expect(await repeated(`/jobs/${job.jobId}/fail`, body, other)).toEqual([200, 200, 200, 409, 409]);
  });

  test('upload init, part and complete', async () => {
    const { job, other } = await begin();
    const bytes = randomBytes(9);
    const { uploadId } = await beginUpload(rig, job, { bytes });
    const { body: part } = await sendPart(rig, job, { uploadId, number: 1, bytes });
    const path = `/assets/${job.assetUuid}/derived/upload/complete`;
    const body = { upload_id: uploadId, lock_token: job.lockToken, parts: [{ part_number: 1, etag: part.etag }] };
    expect(await repeated(path, body, other)).toEqual([200, 200, 200, 423, 423]);
    const { lockToken } = job;
    const init = { job_id: job.jobId, lock_token: lockToken, kind: 'thumb', content_type: 'image/webp' };
    const whole = { ...init, size_bytes: 9, sha256: part.etag };
    const initPath = `/assets/${job.assetUuid}/derived/upload/init`;
    expect(await repeated(initPath, whole, other)).toEqual([200, 200, 200, 423, 423]);
  });
});
