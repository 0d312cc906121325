import { describe, expect, it } from 'vitest';
import { lengthLimit, LONGEST_SECONDS, runsOn, tooLong } from '../../electron/work/media/promised-length.ts';
import { h264Clip, madeFrom, NO_FFMPEG } from '../support/made-media.ts';
import { failureOf } from './proxy-run.ts';
import { probeOf } from './proxy-streams.ts';
import { first } from '../support/first.ts';

const lasting = (duration: number | undefined) => probeOf([], { duration });
const WITHOUT = NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`;

describe('what a header promises', () => {
  it('bounds what is made of it, with room for a header that is a little wrong', () => {
    expect(lengthLimit(lasting(10))).toBe(71);
    expect(lengthLimit(lasting(3 * 3600))).toBe(11_400);
    expect(lengthLimit(lasting(undefined))).toBe(LONGEST_SECONDS);
  });

  it('may be a day and no more', () => {
    expect(tooLong(lasting(LONGEST_SECONDS), 'a.mov')).toBeNull();
    expect(tooLong(lasting(undefined), 'a.mov')).toBeNull();
    expect(tooLong(lasting(10 * 365 * 86_400), 'a.mov')?.message).toBe(
      '“a.mov” claims to last 87,600 hours, and more than 24 are refused.',
    );
  });

  it('is broken by what was made up to its limit, and not by a sound that is a little longer', () => {
    expect(runsOn(lasting(10), 15, 'a.mov')).toBeNull();
    expect(runsOn(lasting(10), 70.9, 'a.mov')).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
  });
});

describe.skipIf(NO_FFMPEG !== null)(`pictures or sound hours apart in a clip of a second${WITHOUT}`, () => {
  first(1).each(['picture', 'sound'])('%s: refused in seconds, under every kind of profile', async (track) => {
    const clip = await h264Clip({ name: 'apart.mp4', seconds: 1, size: '160x90' });
    const path = await madeFrom(clip, `apart-${track}.mp4`, 'hours between two of them', (bytes) => {
      const gaps = Buffer.from(bytes.toString('latin1').replaceAll('edts', 'free'), 'latin1');
      const table = track === 'picture' ? gaps.indexOf('stts') : gaps.lastIndexOf('stts');
      gaps.writeUInt32BE(0x3fff_ffff, table + 16);
      return gaps;
    });
    for (const profile of ['video_review_default_v1', 'edit_h264_half_v1']) {
      const { code, message } = await failureOf(path, profile);
      expect([code, message]).toEqual(['SOURCE_UNREADABLE', expect.stringContaining('its times run on far beyond')]);
    }
  });
});
