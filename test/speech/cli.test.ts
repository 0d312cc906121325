import { appendFile, copyFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTranscribeExecutor } from '../../electron/work/executors/transcribe.ts';
import { findEngine } from '../../electron/work/speech/find-engine.ts';
import { made, NO_FFMPEG } from '../support/made-media.ts';
import { realWhisperCli } from '../support/laid-tools.ts';
import { failureOf, makeModels, nobodyLeft, withContext, type SpeechContext } from './rig.ts';
import { first } from '../support/first.ts';

/** The real whisper-cli (1.9 in Debian's sid), with models that weigh nothing: its arguments, output, progress and ends. */

const cli = realWhisperCli();
const missing = NO_FFMPEG ?? ('missing' in cli ? cli.missing : null);

let models: Awaited<ReturnType<typeof makeModels>>;
beforeAll(async () => {
  models = await makeModels();
});
afterAll(() => models.remove());

async function hear<T>(
  modelPath: string,
  use: (context: SpeechContext, reported: readonly (string | number)[]) => Promise<T>,
  inputs: { readonly language?: string } = {},
  seconds = 70,
): Promise<T> {
  const sound = await made(`cli-tone-${seconds}.wav`, ['-f', 'lavfi', '-i', `sine=f=220:r=16000:d=${seconds}`]);
  const speechModel = { path: modelPath, sha256: 'f'.repeat(64) };
  return withContext(
    sound,
    { speechModel },
    async (context, reported) => {
      const settings = { whisperCliPath: 'path' in cli ? cli.path : '', encoder: 'software' } as const;
      const found = await findEngine({ settings, env: {}, processes: context.processes, modelPath });
      expect(found.state).toMatchObject({ found: true, origin: 'setting' });
      if (found.choice === undefined) throw new Error('no engine');
      return use({ ...context, tools: { ...context.tools, speechEngine: found.choice } }, reported);
    },
    inputs,
  );
}

const execute = (context: SpeechContext) => createTranscribeExecutor().execute(context);

describe.skipIf(missing !== null)(`the real whisper-cli ${missing ?? ''}`, () => {
  it('hears what the model recites, window by window, with words and their times', { tags: ['slow'] }, async () => {
    const { success, fractions } = await hear(
      models.reciting,
      async (context, reported) => ({
        success: await execute(context),
        fractions: reported.filter((entry) => typeof entry === 'number'),
      }),
      { language: 'fr' },
    );
    const { transcript } = success.outputs;
    expect(transcript.language).toBe('fr');
    expect(transcript.segments.length).toBeGreaterThan(1);
    for (const { text, words } of transcript.segments) {
      expect(text).toBe('Bonjour tout le monde.');
      expect(words?.map((word) => word.text)).toEqual(['Bonjour', 'tout', 'le', 'monde.']);
    }
    const starts = transcript.segments.map((segment) => segment.start_ms);
    expect(starts).toEqual([...starts].sort((one, other) => one - other));
    expect(Math.max(...transcript.segments.map((segment) => segment.end_ms))).toBeLessThanOrEqual(70_000);
    expect(fractions.at(-1)).toBe(1);
    expect(success.metrics).toMatchObject({ engine: 'whisper.cpp', media_ms: 70_000 });
    expect(success.metrics['engine_version']).toMatch(/^whisper-cli \d/);
  });

  it('finds the language out where none is given', async () => {
    const { outputs } = await hear(models.reciting, execute, {}, 20);
    expect(outputs.transcript.language).toMatch(/^[a-z]{2,3}$/);
  });

  it('stops with its job, and leaves nobody behind', async () => {
    const failure = await hear(
      models.reciting,
      async (context, reported) => {
        const running = failureOf(execute(context));
        while (!reported.includes('transcribing') || context.processes.groups().length === 0) await delay(20);
        await context.processes.terminate();
        const ended = await running;
        await nobodyLeft(context);
        return ended;
      },
      { language: 'fr' },
      600,
    );
    expect(failure).toMatchObject({ code: 'CANCELLED' });
  });

  first(1).each([
    ['a model that ends early', 'cut', 'ENGINE_UNAVAILABLE'],
    ['no model', 'none', 'ENGINE_UNAVAILABLE'],
    ['a text for a model', 'text', 'ENGINE_UNAVAILABLE'],
  ] as const)('%s is told by its code', async (_, kind, code) => {
    const path = join(models.folder, `${kind}.bin`);
    if (kind === 'cut') {
      await copyFile(models.reciting, path);
      await truncate(path, Math.floor((await stat(path)).size / 2));
    }
    if (kind === 'text') {
      await writeFile(path, 'this is a shopping list\n');
      await appendFile(path, 'apples\n'.repeat(1000));
    }
    const failure = await hear(
      path,
      async (context) => {
        const ended = await failureOf(execute(context));
        await nobodyLeft(context);
        return ended;
      },
      { language: 'fr' },
      5,
    );
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(/model/);
  });
});
