import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  createFramecrcParser,
  createPacketReader,
  packetArgs,
  passArgs,
  type PacketFacts,
} from '../../electron/work/media/proxy-readback.ts';
import { createSilenceReader } from '../../electron/work/media/sound-silence.ts';
import { FFMPEG, FFPROBE, made, NO_FFMPEG } from '../support/made-media.ts';

const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=3'];
const SOUND = ['-f', 'lavfi', '-i', "aevalsrc='if(lt(t,1.5),sin(2765*t),0)':s=48000:d=3"];
const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-g', '25', '-c:a', 'aac'];

describe.skipIf(NO_FFMPEG !== null)(
  `reading a proxy back${NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`}`,
  () => {
    it.each([
      ['B frames', 'b-frames.mp4', [...PICTURE, ...SOUND, ...H264]],
      ['no B frames, another clock', 'none.mov', [...PICTURE, ...H264, '-bf', '0', '-video_track_timescale', '90000']],
      ['pictures alone', 'prores.mov', [...PICTURE, '-c:v', 'prores_ks', '-profile:v', '0']],
    ])('lists the same packets in one pass as ffprobe does: %s', async (_, name, args) => {
      const file = await made(name, args);
      const expected = listed(file);
      expect(expected?.count).toBe(75);
      expect(passed(file, false).packets).toEqual(expected);
    });

    it('leaves out what an edit list hides', async () => {
      const whole = await made('whole.mp4', [...PICTURE, ...H264]);
      // Copied from its middle: the pictures back to the key frame before it stay in the file, and are hidden.
      const cut = await made('cut.mov', ['-ss', '1.4', '-i', whole, '-c', 'copy']);
      const expected = listed(cut);
      expect(expected?.count).toBeLessThan(50);
      expect(passed(cut, false).packets).toEqual(expected);
    });

    it('sees that a file does not begin with a key frame', async () => {
      const whole = await made('whole.mp4', [...PICTURE, ...H264]);
      const headless = await made('headless.mov', ['-i', whole, '-c', 'copy', '-bsf:v', 'noise=drop=eq(n\\,0)']);
      const { packets } = passed(headless, false);
      expect(packets?.startsWithKey).toBe(false);
      expect(packets).toEqual(listed(headless));
    });

    it('hears in the same pass where it is silent', async () => {
      const file = await made('b-frames.mp4', [...PICTURE, ...SOUND, ...H264]);
      const { packets, silences } = passed(file, true);
      expect(packets?.count).toBe(75);
      expect(silences).toHaveLength(1);
      expect(silences[0]?.start).toBeCloseTo(1.5, 1);
    });
  },
);

function listed(file: string): PacketFacts | undefined {
  const reader = createPacketReader();
  const printed = execFileSync(FFPROBE, packetArgs(file, 'v:0'), { encoding: 'utf8' });
  for (const line of printed.split('\n')) reader.line(line);
  return reader.facts();
}

function passed(file: string, isHeard: boolean) {
  const reader = createPacketReader(undefined, createFramecrcParser());
  const silence = createSilenceReader();
  const { stdout, stderr } = spawnSync(FFMPEG, passArgs(file, { isSeen: true, isHeard }), { encoding: 'utf8' });
  for (const line of stdout.split('\n')) reader.line(line);
  for (const line of stderr.split('\n')) silence.line(line);
  return { packets: reader.facts(), silences: silence.spans() };
}
