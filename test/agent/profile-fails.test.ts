import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../electron/agent/agent.ts';
import type { Executor } from '../../electron/work/execution.ts';
import { failure, JobFailure } from '../../shared/failure.ts';
import { createCoreAgent, filed, sourceFile, until } from '../support/core-agent.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { age, openStudio, type Studio } from '../support/studio.ts';

const SAMPLE = { fileName: 'sample.wav', args: ['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', '0.1'] };
const proofOf = (profile: string) => ({
  profile,
  options: {},
  samples: [SAMPLE],
  inputs: { thumbnailProfile: profile },
  check: () => null,
});

/** A tool that cannot make sheets at all, and storyboards of its own sample only. */
const executor: Executor<'generate_thumbnails'> = {
  jobType: 'generate_thumbnails',
  needs: ['ffmpeg', 'ffprobe'],
  estimateBytes: () => 1_000_000,
  execute: (context) => {
    const { thumbnailProfile, sourcePath } = context.job;
    const isProof = sourcePath.includes('proof-');
    if (thumbnailProfile === 'scrub_sprite_v1' || (thumbnailProfile === 'video_storyboard_v1' && !isProof)) {
      throw new JobFailure(failure('RENDER_FAILED', 'No picture came.'));
    }
    return filed(context, 64);
  },
  proof: {
    what: 'Makes a picture.',
    sample: SAMPLE,
    inputs: {},
    check: () => null,
    profiles: [proofOf('video_storyboard_v1'), proofOf('scrub_sprite_v1')],
  },
};

describe.skipIf(NO_FFMPEG !== null)('a profile that does not work on this machine', () => {
  let studio: Studio;
  let agent: Agent;
  const files = ['a', 'b', 'c', 'd'];
  beforeAll(async () => {
    studio = await openStudio({ maxAttempts: 1 });
    for (const name of files) {
      sourceFile(join(studio.media, `${name}.mov`));
      age(join(studio.media, `${name}.mov`));
    }
    agent = createCoreAgent({
      serverUrl: studio.server.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, 'work'),
      roots: [{ name: 'MEDIA', path: studio.media }],
      settings: { maxParallelJobs: 1 },
      deps: { executors: { generate_thumbnails: executor } },
    });
    await agent.start();
  });
  afterAll(async () => {
    await agent.stop(0);
    await studio.close();
  });
  const job = async (name: string, profile: string): Promise<string> => {
    const inputs = { thumbnail_profile: profile };
    const jobId = await studio.operator.job(`MEDIA/${name}.mov`, 'generate_thumbnails', inputs);
    agent.wake();
    return jobId;
  };
  const waitsFor = (jobId: string, kind: string): Promise<void> =>
    until(agent, ({ waiting }) => waiting.some((one) => one.jobId === jobId && one.reason.kind === kind));
  const ended = (jobId: string): Promise<void> =>
    until(agent, ({ done, failures }) => [...done, ...failures].some((one) => one.jobId === jobId));

  it('has its jobs wait with a reason that names it, and is told to be the machine’s fault from the third file on', async () => {
    const sheet = await job('a', 'scrub_sprite_v1');
    await waitsFor(sheet, 'profile-failed');
    const codes: unknown[] = [];
    for (const name of files.slice(0, 3)) {
      const jobId = await job(name, 'video_storyboard_v1');
      await ended(jobId);
      codes.push((await studio.server.ledger({ jobId, event: 'jobFailed' }))[0]?.detail['error_code']);
    }
    expect(codes).toEqual(['RENDER_FAILED', 'RENDER_FAILED', 'ENGINE_UNAVAILABLE']);
    const fourth = await job('d', 'video_storyboard_v1');
    await waitsFor(fourth, 'profile-failed');
    // Their sibling works on.
    const picture = await job('d', 'video_representative_v1');
    await ended(picture);
    const { done, waiting, capabilities } = agent.snapshot();
    expect(done.map(({ jobId }) => jobId)).toEqual([picture]);
    expect(waiting.map(({ reason }) => reason)).toEqual([
      { kind: 'profile-failed', profile: 'scrub_sprite_v1' },
      { kind: 'profile-failed', profile: 'video_storyboard_v1' },
    ]);
    expect(capabilities.map(({ declared }) => declared)).toEqual([true]);
    // "Test again" proves it anew, and what waited is made to try it.
    await agent.execute('testCapability', { capability: 'media.thumbnails@1' });
    await ended(fourth);
    expect((await studio.server.ledger({ jobId: fourth, event: 'jobFailed' }))[0]?.detail['error_code']).toBe(
      'RENDER_FAILED',
    );
  });
});
