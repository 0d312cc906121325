import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTranscribeExecutor } from '../../electron/work/executors/transcribe.ts';
import { made, NO_FFMPEG } from '../support/made-media.ts';
import { failureOf, makeModels, nobodyLeft, withContext } from './rig.ts';

let models: Awaited<ReturnType<typeof makeModels>>;
beforeAll(async () => {
  models = await makeModels();
});
afterAll(() => models.remove());

async function hear<T>(seconds: number, use: Parameters<typeof withContext<T>>[2]): Promise<T> {
  const sound = await made('tone.wav', ['-f', 'lavfi', '-i', `sine=f=220:r=16000:d=${String(seconds)}`]);
  const tools = { speechModel: { path: models.reciting, sha256: 'f'.repeat(64) } };
  return withContext(sound, tools, use, { language: 'fr' });
}

describe.skipIf(NO_FFMPEG !== null)(`the real engine, ended from outside in mid-run ${NO_FFMPEG ?? ''}`, () => {
  it.each([
    // The kernel takes the largest process when memory runs out, and nobody else here sends this.
    ['SIGKILL', 'OUT_OF_MEMORY'],
    ['SIGSEGV', 'ENGINE_UNAVAILABLE'],
    ['SIGABRT', 'ENGINE_UNAVAILABLE'],
  ] as const)('%s is %s, retryable, and leaves nobody behind', async (signal, code) => {
    const failure = await hear(60, async (context, reported) => {
      const running = failureOf(createTranscribeExecutor().execute(context));
      while (!reported.includes('transcribing') || context.processes.groups().length === 0) await delay(20);
      // Long enough to have begun, not to be done: the model alone takes this long on a machine that is not busy.
      await delay(500);
      const groups = context.processes.groups();
      expect(groups).toHaveLength(1);
      // Without it the child's memory grows with every window; `npm run test:speech` shows by how much.
      if (process.platform === 'linux') {
        expect(readFileSync(`/proc/${String(groups[0])}/environ`, 'utf8')).toContain('MALLOC_MMAP_THRESHOLD_=1048576');
      }
      for (const group of groups) process.kill(group, signal);
      const ended = await running;
      await nobodyLeft(context);
      return ended;
    });
    expect(failure).toMatchObject({ code, retryable: true });
  });

  it('the next job is done', async () => {
    const next = await hear(1, (context) => createTranscribeExecutor().execute(context));
    expect(next.outputs.transcript.text).not.toBe('');
  });
});
