import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Agent } from '../../electron/agent/agent.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import { standsStill as isStopped } from '../support/children/alive.ts';
import { until } from '../support/core-agent.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { cpuMsOf, descendantsOf } from './child-tree.ts';
import { openEditRoom, restlessClip, type EditRoom } from './edit-room.ts';

/** For a machine on which everything else runs at the same time. */
const LONG = 300_000;
const LEASE_SECONDS = 10;
const skipped = process.platform === 'linux' ? NO_FFMPEG : 'process trees are read from /proc here';

async function claims(room: EditRoom, jobId: string): Promise<number> {
  const ledger = await room.studio.server.ledger();
  return ledger.filter((entry) => entry.event === 'jobClaimed' && entry.jobId === jobId).length;
}

describe.skipIf(skipped !== null)(`the machine is given back ${skipped ?? ''}`, { timeout: LONG }, () => {
  let room: EditRoom;
  let agent: Agent;
  beforeAll(async () => {
    room = await openEditRoom(await restlessClip(6), LEASE_SECONDS);
    agent = room.agent('desk', { workWhen: 'idle', idleMinutes: 5 });
    await agent.start();
  });
  afterAll(() => room.close());

  const sha256Of = async (jobId: string): Promise<unknown> => {
    const { output } = (await agent.execute('report', { jobId })) as unknown as {
      output: { report: { result: { derived_manifest: { sha256: string }[] } } };
    };
    return output.report.result.derived_manifest.map(({ sha256 }) => sha256);
  };
  const encoding = (snapshot: Snapshot): boolean => snapshot.running[0]?.stage === 'encoding';
  const kinds = (snapshot: Snapshot) => snapshot.yielding?.reasons.map(({ kind }) => kind).join(' ') ?? '';
  /** In the end nobody of the tree uses the processor any more, for half a second, and everybody is stopped. */
  const standsStill = async (): Promise<boolean> => {
    for (let tries = 0; tries < 200; tries += 1) {
      const before = cpuMsOf(process.pid);
      await delay(500);
      const isUsed = cpuMsOf(process.pid) !== before;
      if (!isUsed && descendantsOf(process.pid).every(({ pid }) => isStopped(pid))) return true;
    }
    return false;
  };

  const runs = (snapshot: Snapshot, jobId: string) => snapshot.running.find((job) => job.jobId === jobId);
  const isOver = (snapshot: Snapshot, jobId: string): boolean => snapshot.done.some((job) => job.jobId === jobId);

  /** A job that was stopped in its midst; on a fast machine it may be over too soon, and another one is tried. */
  async function disturbed(reason: string, take: () => () => unknown): Promise<string> {
    for (let tries = 1; tries <= 8; tries += 1) {
      const jobId = await room.operator.job(room.addClip('clip.mp4'), 'generate_video_proxies');
      agent.wake();
      await until(agent, (snapshot) => encoding(snapshot) || isOver(snapshot, jobId));
      const giveBack = take();
      const stands = (snapshot: Snapshot): boolean =>
        kinds(snapshot) === reason && runs(snapshot, jobId)?.suspended === true;
      await until(agent, (snapshot) => stands(snapshot) || isOver(snapshot, jobId));
      const hit = stands(agent.snapshot());
      if (hit) await checkStanding(reason);
      await giveBack();
      await until(agent, (snapshot) => isOver(snapshot, jobId) && snapshot.yielding === null);
      if (hit) return jobId;
    }
    throw new Error(`No job was running when it came to ${reason}`);
  }

  async function checkStanding(reason: string): Promise<void> {
    expect(await standsStill(), reason).toBe(true);
    expect(agent.snapshot().yielding?.giveBackAt).toBeDefined();
    // Longer than the server waits for a sign of life, three times over.
    if (reason === 'paused') await delay(3 * LEASE_SECONDS * 1_000 + 500);
  }

  let expected: unknown;
  beforeAll(async () => {
    const undisturbed = await room.operator.job(room.addClip('clip.mp4'), 'generate_video_proxies');
    agent.wake();
    await until(agent, (snapshot) => isOver(snapshot, undisturbed));
    expected = await sha256Of(undisturbed);
  });
  const ways: readonly [reason: string, tags: string[], take: () => () => unknown][] = [
    ['watched-program', [], () => room.openProgram()],
    ['user-input', ['slow'], () => (room.touch(true), () => room.touch(false))],
    ['paused', ['slow'], () => (void agent.execute('pause', {}), () => agent.execute('resume', {}))],
  ];
  for (const [reason, tags, take] of ways) {
    it(`(${reason}) and the result is the same`, { tags }, async () => {
      const jobId = await disturbed(reason, take);
      expect(await sha256Of(jobId)).toEqual(expected);
      // It was ours all the time: nobody had to claim it twice.
      expect(await claims(room, jobId)).toBe(1);
    });
  }

  it(
    'and a job that stands still for too long is given back, ends elsewhere, and no attempt is counted',
    { tags: ['slow'] },
    async () => {
      // A lease that nothing but the limit can end.
      const patient = await openEditRoom(await restlessClip(6), 300);
      onTestFinished(() => patient.close());
      const desk = patient.agent('desk', { suspendLimitMinutes: 0.02 });
      await desk.start();
      const jobId = await patient.operator.job(patient.addClip('clip.mp4'), 'generate_video_proxies');
      desk.wake();
      await until(desk, encoding);
      await desk.execute('pause', {});
      await until(desk, ({ failures }) => failures.length === 1);
      expect(desk.snapshot().failures[0]).toMatchObject({
        jobId,
        ending: { kind: 'given-back', failure: { code: 'PREEMPTED' } },
      });
      // The look at the graphics card stands still as well, and goes on later.
      expect(await standsStill()).toBe(true);
      // Not taken again here, although nothing speaks against working any more.
      await desk.execute('resume', {});
      await until(desk, ({ waiting }) => waiting[0]?.reason.kind === 'held-off');
      const asked = async () => (await patient.operator.jobs()).find((entry) => entry.job_id === jobId);
      expect(await asked()).toMatchObject({ status: 'pending', attempts: 0 });
      const other = patient.agent('other');
      await other.start();
      await until(other, ({ done }) => done[0]?.jobId === jobId);
      // Claimed twice, and the one attempt is the one that succeeded.
      expect(await asked()).toMatchObject({ status: 'completed', attempts: 1 });
      expect(await claims(patient, jobId)).toBe(2);
    },
  );

  it(
    'and with the built-in server a job stands still for as long as it takes, and goes on where it was',
    { tags: ['slow'] },
    async () => {
      // Longer than any busy machine keeps a heartbeat: a lease that lapsed would be another story.
      const alone = await openEditRoom(await restlessClip(6), 6 * LEASE_SECONDS);
      onTestFinished(() => alone.close());
      const limitMs = 600;
      const desk = alone.lonely('desk', { suspendLimitMinutes: limitMs / 60_000 });
      await desk.start();
      const jobId = await alone.operator.job(alone.addClip('clip.mp4'), 'generate_video_proxies');
      desk.wake();
      await until(desk, encoding);
      await desk.execute('pause', {});
      await until(desk, (snapshot) => runs(snapshot, jobId)?.suspended === true);
      await delay(5 * limitMs);
      expect(desk.snapshot().yielding).toMatchObject({ reasons: [{ kind: 'paused' }] });
      expect(desk.snapshot().yielding?.giveBackAt).toBeUndefined();
      expect(runs(desk.snapshot(), jobId)?.suspended).toBe(true);
      await desk.execute('resume', {});
      await until(desk, (snapshot) => isOver(snapshot, jobId));
      expect(await claims(alone, jobId)).toBe(1);
    },
  );
});
