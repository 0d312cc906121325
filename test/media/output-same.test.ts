/** @module-tag slow */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PROXY_PROFILES, THUMBNAIL_PROFILES } from '../../shared/profiles.ts';
import { made, NO_FFMPEG, photoFile } from '../support/made-media.ts';

const run = promisify(execFile);
const WITHOUT = NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`;
const program = fileURLToPath(new URL('output-hashes.ts', import.meta.url));

describe.skipIf(NO_FFMPEG !== null)(`outputs of one source in two processes${WITHOUT}`, () => {
  it('have the same sha256 under every profile', async () => {
    // Noise wants far more than 4 Mb/s: the rate cap works in every frame, and that is where x264 could differ.
    const noise = '-f lavfi -i testsrc2=size=640x360:rate=25,noise=alls=100:allf=t -f lavfi -i sine=r=48000 -t 0.5';
    const clip = await made(
      'same.mov',
      `${noise} -c:v libx264 -preset ultrafast -crf 16 -threads 1 -pix_fmt yuv420p -c:a pcm_s16le -timecode 01:00:00:00`.split(
        ' ',
      ),
    );
    const sound = await made('same.mp3', '-f lavfi -i sine=r=44100:d=2 -ac 2 -c:a libmp3lame'.split(' '));
    const sources = [clip, sound, await photoFile('same.jpg')];
    const hashes = async (): Promise<string[]> => {
      const { stdout } = await run(process.execPath, [program, ...sources]);
      return stdout.trim().split('\n');
    };
    const [one, two] = [await hashes(), await hashes()];
    for (const line of one) expect(line).toMatch(/^\w+ \w+\.\w+ [0-9a-f]{64}$/);
    const whats = new Set(one.map((line) => line.split(' ')[0]));
    const every = [...Object.keys(PROXY_PROFILES), ...Object.keys(THUMBNAIL_PROFILES), 'sound', 'photo', 'waveform'];
    expect([...whats].toSorted()).toEqual(every.toSorted());
    expect(two).toEqual(one);
  });
});
