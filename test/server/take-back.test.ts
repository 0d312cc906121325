import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { CAPABILITY_OF } from '../../shared/job.ts';
import { claimNew, registerAgent, sendPart, beginUpload, startRig, type ClaimedJob, type Rig } from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

const takeBack = (jobId: string) => rig.operator(`/jobs/${jobId}/take-back`, { method: 'POST' });
const heartbeat = ({ jobId, lockToken }: ClaimedJob) =>
  rig.agent(`/jobs/${jobId}/heartbeat`, { body: { lock_token: lockToken } });
const FILE = { bytes: Buffer.from('half') };

test('a job is taken back from an agent at once, which is refused from then on, and another may have it', async () => {
  rig = await startRig();
  const held = await claimNew(rig);
  const { uploadId } = await beginUpload(rig, held, FILE);
  const back = await takeBack(held.jobId);
  expect(back).toMatchObject({ status: 200, body: { status: 'pending', attempts: 0 } });
  expect(await heartbeat(held)).toMatchObject({ status: 409, body: { code: 'STATE_CONFLICT' } });
  expect(await sendPart(rig, held, { uploadId, number: 1, bytes: FILE.bytes })).toMatchObject({ status: 409 });
  const other = await registerAgent(rig, randomUUID(), [CAPABILITY_OF.generate_thumbnails]);
  const anew = await rig.agent(`/jobs/${held.jobId}/claim`, { method: 'POST', agentId: other });
  expect(anew).toMatchObject({ status: 200, body: { claimed_by: other } });
  expect(await heartbeat(held)).toMatchObject({ status: 423 });
  const [entry] = await rig.server.ledger({ event: 'jobTakenBack' });
  expect(entry).toMatchObject({ jobId: held.jobId, agentId: rig.agentId, operator: expect.any(String) as string });
});

test('a cancel that its agent did not carry out is carried out with it; what nobody holds cannot be taken back', async () => {
  rig = await startRig();
  const held = await claimNew(rig);
  await rig.operator(`/jobs/${held.jobId}/cancel`, { method: 'POST' });
  expect(await takeBack(held.jobId)).toMatchObject({ status: 200, body: { status: 'failed' } });
  expect(await takeBack(held.jobId)).toMatchObject({ status: 409, body: { code: 'STATE_CONFLICT' } });
  expect(await takeBack(randomUUID())).toMatchObject({ status: 404 });
  expect(await rig.server.ledger({ event: 'jobCancelled', jobId: held.jobId })).toHaveLength(1);
});
