import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'subtitle';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build.mjs';
import { Transcript } from '../../shared/facts.ts';
import { made, NO_FFMPEG } from '../support/made-media.ts';
import { RECITED, writeRecitingModel } from '../support/reciting-model.ts';

const CLI = fileURLToPath(new URL('../../out/node/rushcatalog-agent.js', import.meta.url));

let folder = '';
let model = '';

beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), 'rushcatalog-process-speech-'));
  await mkdir(join(folder, 'tmp'));
  model = join(folder, 'reciting.bin');
  await writeRecitingModel(model);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stderr: string;
}

function run(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const own = {
      TMPDIR: join(folder, 'tmp'),
      XDG_DATA_HOME: join(folder, 'data'),
      XDG_CACHE_HOME: join(folder, 'cache'),
    };
    const options = { cwd: folder, env: { ...process.env, ...own }, timeout: 170_000 };
    execFile(process.execPath, [CLI, 'process', ...args], options, (error, _stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stderr });
    });
  });
}

const tone = (hertz: number): string[] => ['-f', 'lavfi', '-i', `sine=f=${String(hertz)}:r=48000:d=4`];

/** Two microphones with sound, one that was never plugged in. */
const microphones = (): Promise<string> =>
  made('microphones.mov', [
    ...[...tone(220), ...tone(330), '-f', 'lavfi', '-i', 'anullsrc=r=48000:cl=mono:d=4'],
    ...['-map', '0', '-map', '1', '-map', '2', '-c:a', 'pcm_s16le'],
  ]);

describe.skipIf(NO_FFMPEG !== null)(`process makes transcripts ${NO_FFMPEG ?? ''}`, () => {
  it('of each track alone, from the built command to subtitles that a library reads', { tags: ['slow'] }, async () => {
    await copyFile(await microphones(), join(folder, 'interview.mov'));
    const wanted = ['--transcription-profile', 'speech_per_track_v1', '--subtitles', 'srt,vtt,txt'];
    const ended = await run(
      'interview.mov',
      '--jobs',
      'transcript',
      '--speech-model',
      'reciting.bin',
      '--encoder',
      'auto',
      '--out',
      'out',
      ...wanted,
    );
    expect(ended).toEqual({ code: 0, stderr: '' });
    const out = join(folder, 'out', 'interview');
    const transcript = Transcript.parse(JSON.parse(await readFile(join(out, 'transcript.json'), 'utf8')));
    expect(transcript.language).toBe(RECITED.language);
    expect(transcript.segments.map(({ track, text }) => [track, text])).toEqual([
      [0, RECITED.text],
      [1, RECITED.text],
    ]);
    for (const format of ['srt', 'vtt']) {
      const cues = parseSync(await readFile(join(out, `transcript.${format}`), 'utf8')).filter(
        ({ type }) => type === 'cue',
      );
      expect(cues).toHaveLength(2);
    }
    const [entry] = JSON.parse(await readFile(join(out, 'result.json'), 'utf8')) as Record<string, unknown>[];
    expect(entry).toMatchObject({
      status: 'completed',
      output: { transcript_text: transcript.text },
      result: {
        warnings: [],
        metrics: {
          engine: 'whisper.cpp',
          parameters: { profile: 'speech_per_track_v1' },
          tracks: [{ silent: false }, { silent: false }, { silent: true }],
        },
      },
    });
  });

  it('refuses a model that was named and cannot be used, before anything is done', async () => {
    const cut = join(folder, 'cut.bin');
    await copyFile(model, cut);
    await truncate(cut, 300_000);
    await writeFile(join(folder, 'take.mov'), 'looked at after the model');
    const ended = await run('take.mov', '--speech-model', cut, '--out', 'none');
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(
      'ends too early: the copy or download was not finished. Copy or download the model again',
    );
    expect(ended.stderr).toContain('[SPEECH_MODEL_TRUNCATED]');
  });
});
