import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HealthStates } from '../../shared/wire-health.ts';
import { AGENT_STATUS_HEADER } from '../../shared/wire.ts';
import { claimJob, claimNew, newAsset, newJob, registerAgent, startRig, type Rig } from './running.ts';

const MINUTE = 60_000;

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ maxAttempts: 1 });
  await rig.server.sweep();
});
afterEach(() => rig.stop());

const states = async (): Promise<HealthStates> => (await rig.operator<HealthStates>('/health-states')).body;
const told = async () => (await states()).items.map(({ code }) => code);
const events = async () =>
  (await rig.server.ledger()).flatMap(({ event, detail }) =>
    event === 'stateBegan' || event === 'stateEnded' ? [`${event} ${String(detail['code'])}`] : [],
  );

async function after(ms: number): Promise<void> {
  rig.clock.now += ms;
  await rig.server.sweep();
}

/** The agent asks for work, and says which media roots it reads. */
const poll = (roots: readonly string[] = ['RUSHES'], agentId = rig.agentId) =>
  rig.agent('/jobs', { agentId, headers: { [AGENT_STATUS_HEADER]: encodeURIComponent(JSON.stringify({ roots })) } });

/** Past the warming up, with the agent still there. */
async function warmUp(): Promise<void> {
  await after(3 * MINUTE);
  await poll();
  await after(MINUTE / 2);
}

describe('an agent that fell silent', () => {
  test('is lost where it was at work, until it comes back; what follows from it is not told', async () => {
    await warmUp();
    const job = await claimNew(rig);
    await after(2 * MINUTE + 1);
    await after(6 * MINUTE);
    expect(job.jobId).toBeTypeOf('string');
    expect((await states()).items).toMatchObject([
      { code: 'agentLost', severity: 'warning', subject: rig.agentId, detail: { agent_name: 'edit-3' } },
    ]);
    expect(await events()).toEqual(['stateBegan agentLost']);
    await poll();
    await after(MINUTE / 2);
    expect(await states()).toMatchObject({ items: [], past: [{ code: 'agentLost' }] });
    expect(await events()).toEqual(['stateBegan agentLost', 'stateEnded agentLost']);
  });

  test('is not lost where it idled, or signed off', async () => {
    await warmUp();
    await claimNew(rig);
    await registerAgent(rig, rig.installationId, []);
    await after(3 * MINUTE);
    const idler = await registerAgent(rig, randomUUID(), ['media.thumbnails@1']);
    await poll(['RUSHES'], idler);
    await after(3 * MINUTE);
    expect(await told()).toEqual([]);
  });

  test('is waited for after a start of the server', async () => {
    await warmUp();
    await claimNew(rig);
    rig.clock.now += 10 * MINUTE;
    await rig.restart({ maxAttempts: 1 });
    await rig.server.sweep();
    expect(await states()).toMatchObject({ items: [], warming_up: true });
    await after(2 * MINUTE);
    expect(await told()).toEqual([]);
    await after(MINUTE);
    expect(await states()).toMatchObject({ items: [{ code: 'agentLost' }], warming_up: false });
  });
});

describe('jobs that wait', () => {
  test('for what nobody can are told once they waited for five minutes, and again after they could be done', async () => {
    await warmUp();
    await registerAgent(rig, rig.installationId, ['media.thumbnails@1']);
    await newJob(rig, 'transcribe_audio');
    await after(MINUTE / 2);
    for (let minutes = 0; minutes < 4; minutes += 1) {
      await poll();
      await after(MINUTE);
    }
    expect(await told()).toEqual([]);
    await poll();
    await after(MINUTE);
    expect((await states()).items).toMatchObject([
      {
        code: 'nothingCan',
        subject: 'transcribe_audio',
        title: 'No connected machine can do 1 job (transcribe_audio)',
      },
    ]);
    await registerAgent(rig, rig.installationId, ['media.thumbnails@1', 'speech.transcription@1']);
    await after(MINUTE);
    expect(await events()).toEqual(['stateBegan nothingCan', 'stateEnded nothingCan']);
  });

  test('on a media root that nobody reads name it, with how many they are by now', async () => {
    await warmUp();
    await newJob(rig, 'generate_thumbnails', { assetUuid: await newAsset(rig, 'DAY 1/a.mov') });
    await poll();
    await after(MINUTE / 2);
    await newJob(rig, 'generate_thumbnails', { assetUuid: await newAsset(rig, 'DAY 1/b.mov') });
    for (let minutes = 0; minutes < 3; minutes += 1) {
      await poll();
      await after(MINUTE);
    }
    expect((await states()).items).toMatchObject([{ code: 'rootMissing', detail: { root: 'DAY 1', jobs: 2 } }]);
    await poll(['RUSHES', 'DAY 1']);
    await after(MINUTE / 2);
    expect(await told()).toEqual([]);
  });

  test('and failures that outnumber what is done are told at once', async () => {
    await warmUp();
    for (let made = 0; made < 10; made += 1) {
      const { jobId, lockToken } = await claimJob(rig, await newJob(rig));
      const body = { lock_token: lockToken, error_code: 'ENCODE_FAILED', message: 'no', retryable: false };
      await rig.agent(`/jobs/${jobId}/fail`, { body });
    }
    await after(MINUTE / 2);
    expect((await states()).items).toMatchObject([{ code: 'failuresRising', detail: { failed: 10, ended: 10 } }]);
    await poll();
    await after(16 * MINUTE);
    expect((await states()).past).toMatchObject([{ code: 'failuresRising' }]);
  });
});

test('a watched folder that cannot be read is told after a minute', async () => {
  const media = await mkdtemp(join(tmpdir(), 'rushcatalog-media-'));
  try {
    await mkdir(join(media, 'Day 3'));
    const watch = { roots: () => [{ name: 'RUSHES', path: media }], look: async () => ({ whole: true, jobTypes: [] }) };
    await rig.restart({ watch });
    const rule = { name: 'Day 3', root: 'RUSHES', folder: 'Day 3', job_types: ['generate_thumbnails'], enabled: true };
    await rename(join(media, 'Day 3'), join(media, 'Day 4'));
    await rig.operator('/rules', { body: rule });
    const problem = () => rig.server.database.selectFrom('watch_rule').select('problem').executeTakeFirst();
    await expect.poll(async () => (await problem())?.problem, { timeout: 100_000 }).toBeTypeOf('string');
    await rig.server.sweep();
    await after(4 * MINUTE);
    expect((await states()).items).toMatchObject([
      { code: 'ruleUnreachable', title: 'The watched folder “Day 3” cannot be read' },
    ]);
  } finally {
    await rm(media, { recursive: true, force: true });
  }
});
