import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTimecode, frameAt, middleOf, parseTimecode, timecodeAt } from '../../shared/timecode.ts';

const NTSC = { num: 30_000, den: 1001 };
const FILM = { num: 24_000, den: 1001 };
const FAST = { num: 60_000, den: 1001 };
const PAL = { num: 25, den: 1 };

describe('timecode', () => {
  it.each([
    [0, '00:00:00;00'],
    [1799, '00:00:59;29'],
    // Frames 0 and 1 of minute 1 do not exist.
    [1800, '00:01:00;02'],
    [17_981, '00:09:59;29'],
    // Minute 10 keeps them.
    [17_982, '00:10:00;00'],
    [107_892, '01:00:00;00'],
    [2_589_407, '23:59:59;29'],
    [2_589_408, '00:00:00;00'],
  ])('counts drop-frame: frame %i is %s (SMPTE ST 12-1)', (frame, text) => {
    expect(formatTimecode(frame, NTSC, true)).toBe(text);
  });

  it('leaves out four numbers a minute at 59.94', () => {
    expect(formatTimecode(3600, FAST, true)).toBe('00:01:00;04');
    expect(formatTimecode(35_964, FAST, true)).toBe('00:10:00;00');
  });

  it('knows no drop-frame at other rates', () => {
    expect(formatTimecode(1800, FILM, true)).toBe('00:01:15:00');
    expect(formatTimecode(1800, { num: 30, den: 1 }, true)).toBe('00:01:00:00');
  });

  it.each([
    ['01:00:00:00', PAL, 90_000],
    ['01:00:00;00', NTSC, 107_892],
    ['01:00:00.00', NTSC, 107_892],
    ['00:01:00;01', NTSC, undefined],
    ['00:10:00;01', NTSC, 17_983],
    ['00:00:00:25', PAL, undefined],
    ['24:00:00:00', PAL, undefined],
    ['1:00:00:00', PAL, undefined],
  ])('reads %s', (text, rate, frame) => {
    expect(parseTimecode(text, rate)).toBe(frame);
  });

  it('reads back every frame of a day that it writes', () => {
    const rates = fc.constantFrom(NTSC, FILM, FAST, PAL, { num: 120, den: 1 });
    fc.assert(
      fc.property(fc.nat(2_000_000), rates, fc.boolean(), (frame, rate, dropFrame) => {
        expect(parseTimecode(formatTimecode(frame, rate, dropFrame), rate, dropFrame)).toBe(frame);
      }),
    );
  });

  it('finds the frame of a moment, also of one that was rounded to a microsecond', () => {
    fc.assert(
      fc.property(fc.nat(500_000), fc.constantFrom(NTSC, FILM, FAST, PAL), (frame, rate) => {
        const edge = Math.round(((frame * rate.den) / rate.num) * 1e6) / 1e6;
        expect(frameAt(edge, rate)).toBe(frame);
        expect(frameAt(middleOf(frame, rate), rate)).toBe(frame);
      }),
    );
  });

  it('adds the start of the source', () => {
    const startFrame = parseTimecode('00:59:58;00', NTSC) ?? 0;
    expect(timecodeAt(2.002, { rate: NTSC, dropFrame: true, startFrame })).toBe('01:00:00;00');
  });
});
