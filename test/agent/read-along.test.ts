import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../electron/agent/agent.ts';
import { READ_IN_STEP_BYTES } from '../../electron/work/media/source-readers.ts';
import type { ExecutionContext, ExecutionSuccess, Executor } from '../../electron/work/execution.ts';
import { failure, JobFailure } from '../../shared/failure.ts';
import type { JobType } from '../../shared/job.ts';
import { createCoreAgent, sourceFile, until } from '../support/core-agent.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { age, openStudio, type Studio } from '../support/studio.ts';

const SAMPLE = { fileName: 'sample.wav', args: ['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', '0.1'] };
const TYPES = ['generate_audio_waveform', 'transcribe_audio', 'generate_video_proxies'] as const;

describe.skipIf(NO_FFMPEG !== null)('an agent of one slot', () => {
  let studio: Studio;
  let agent: Agent;
  /** What each job of a source waits for, by path. */
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const gateOf = (path: string): PromiseWithResolvers<void> => {
    const gate = gates.get(path) ?? Promise.withResolvers<void>();
    gates.set(path, gate);
    return gate;
  };
  /** Stands at its source until it is let go, and then fails: what it would make is of no concern here. */
  function standing<T extends JobType>(jobType: T): Executor<T> {
    return {
      jobType,
      needs: ['ffmpeg', 'ffprobe'],
      estimateBytes: () => 1_000,
      async execute({ job, signal }: ExecutionContext<T>) {
        if (job.sourcePath.startsWith('MEDIA/')) {
          signal.addEventListener('abort', () => gateOf(`${jobType} ${job.sourcePath}`).resolve());
          await gateOf(`${jobType} ${job.sourcePath}`).promise;
          throw new JobFailure(failure('UNSUPPORTED_MEDIA', 'Nothing is made here.'));
        }
        // A proof, which looks at nothing.
        return { artifacts: [], outputs: {}, warnings: [], metrics: {} } as unknown as ExecutionSuccess<T>;
      },
      proof: { what: 'Does nothing.', sample: SAMPLE, inputs: {}, check: () => null },
    };
  }
  const running = (path: string): string[] =>
    agent
      .snapshot()
      .running.filter(({ sourcePath }) => sourcePath === path)
      .map(({ jobType, alongside }) => `${jobType}${alongside ? ' alongside' : ''}`);

  beforeAll(async () => {
    studio = await openStudio({ maxAttempts: 1, leaseSeconds: 60 });
    for (const [name, bytes] of [
      ['large.mov', READ_IN_STEP_BYTES],
      ['small.mov', READ_IN_STEP_BYTES - 1],
    ] as const) {
      const path = join(studio.media, name);
      sourceFile(path);
      // Of holes: it takes no room.
      truncateSync(path, bytes);
      age(path);
    }
    agent = createCoreAgent({
      serverUrl: studio.server.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, 'work'),
      roots: [{ name: 'MEDIA', path: studio.media }],
      settings: { maxParallelJobs: 1 },
      deps: {
        executors: {
          generate_video_proxies: standing('generate_video_proxies'),
          generate_audio_waveform: standing('generate_audio_waveform'),
          transcribe_audio: standing('transcribe_audio'),
        },
      },
    });
    await agent.start();
    await until(agent, ({ capabilities }) => capabilities.filter(({ declared }) => declared).length === TYPES.length);
  });
  afterAll(async () => {
    await agent.stop(0);
    await studio.close();
  });

  it('takes the jobs that listen to a large source beside its proxy, which comes first', async () => {
    for (const type of TYPES) await studio.operator.job('MEDIA/large.mov', type);
    agent.wake();
    await until(agent, ({ running: jobs }) => jobs.length === 3);
    expect(running('MEDIA/large.mov')).toEqual([
      'generate_video_proxies',
      'generate_audio_waveform alongside',
      'transcribe_audio alongside',
    ]);
  });

  it('counts them once the proxy is done, and takes nothing else before', async () => {
    for (const type of TYPES) await studio.operator.job('MEDIA/small.mov', type);
    agent.wake();
    gateOf('generate_video_proxies MEDIA/large.mov').resolve();
    await until(agent, ({ running: jobs, waiting }) => jobs.length === 2 && waiting.length === 3);
    expect(agent.snapshot().waiting.map(({ reason }) => reason.kind)).toEqual(['slot', 'slot', 'slot']);
    gateOf('generate_audio_waveform MEDIA/large.mov').resolve();
    await until(agent, ({ running: jobs }) => jobs.length === 1);
    agent.wake();
    await until(agent, ({ waiting }) => waiting.length === 3);
    expect(running('MEDIA/large.mov')).toEqual(['transcribe_audio alongside']);
  });

  it('takes those of a small source one after the other', async () => {
    gateOf('transcribe_audio MEDIA/large.mov').resolve();
    await until(agent, ({ running: jobs }) => jobs.some(({ sourcePath }) => sourcePath === 'MEDIA/small.mov'));
    agent.wake();
    await until(agent, ({ waiting }) => waiting.length === 2);
    expect(running('MEDIA/small.mov')).toEqual(['generate_video_proxies']);
    expect(agent.snapshot().waiting.map(({ reason }) => reason.kind)).toEqual(['slot', 'slot']);
  });
});
