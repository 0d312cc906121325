import { describe, expect, it } from 'vitest';
import { durationSlack } from '../../electron/work/media/parity-ends.ts';
import { compare } from '../../electron/work/media/parity.ts';
import type { AudioStream, VideoStream } from '../../electron/work/media/probe.ts';
import { planReview, planSound } from '../../electron/work/media/proxy-args.ts';
import { createPacketReader, type ReadBack } from '../../electron/work/media/proxy-readback.ts';
import { PROXY_PROFILES } from '../../shared/profiles.ts';
import { audio, probeOf, video } from './proxy-streams.ts';

const profile = PROXY_PROFILES.video_review_default_v1;
const source = probeOf([video({ index: 0 }), audio({ index: 1 })]);
const plan = planReview(source, video({ index: 0 }), profile);

/** 10 s at 25 frames a second, 512 ticks each; a key frame every 50. */
function packets(change: (lines: string[]) => string[] = (lines) => lines) {
  const reader = createPacketReader();
  const lines = Array.from({ length: 250 }, (_, at) => `${at * 512},${at / 25},512,${at % 50 === 0 ? 'K_' : '__'}`);
  for (const line of change(lines)) reader.line(line);
  const facts = reader.facts();
  if (facts === undefined) throw new Error('no packets');
  return facts;
}

interface Changes {
  readonly picture?: Partial<VideoStream>;
  readonly sound?: Partial<AudioStream> | null;
  readonly packets?: ReturnType<typeof packets>;
  readonly frames?: ReadBack['frames'];
  readonly silence?: ReadBack['silence'];
}

function proxy(changes: Changes = {}): ReadBack {
  const bt709 = { colorRange: 'tv', colorSpace: 'bt709', colorTransfer: 'bt709', colorPrimaries: 'bt709' };
  const picture = video({ index: 0, profile: 'High', width: 1280, height: 720, ...bt709, ...changes.picture });
  const sound = changes.sound === null ? [] : [audio({ index: 1, ...changes.sound })];
  return {
    probe: probeOf([picture, ...sound]),
    packets: changes.packets ?? packets(),
    frames: changes.frames ?? [
      { stream: 0, time: 0 },
      { stream: 0, time: 9.96 },
      { stream: 1, time: 0 },
      { stream: 1, time: 9.98 },
    ],
    ...(changes.silence === undefined ? {} : { silence: changes.silence }),
  };
}

const fields = (made: ReadBack): string[] => compare(source, plan, made).map(({ field }) => field);

describe('compare', () => {
  it('finds nothing in a proxy that is what was asked for', () => {
    expect(compare(source, plan, proxy())).toEqual([]);
  });

  it.each<[string, Changes]>([
    ['video_codec', { picture: { profile: 'Main' } }],
    ['pixel_format', { picture: { pixelFormat: 'yuv422p' } }],
    ['pixel_format', { picture: { colorTransfer: undefined } }],
    ['dimensions', { picture: { rotation: 90, width: 720, height: 1280 } }],
    ['dimensions', { picture: { width: 1278 } }],
    ['has_audio', { sound: null }],
    ['audio_channels', { sound: { channels: 1 } }],
    ['audible', { silence: { mix: [], proxy: [{ start: 20, end: 30 }] } }],
    ['duration', { sound: { duration: 8 } }],
    ['duration', { packets: packets((lines) => lines.slice(0, 200)) }],
    ['display_aspect', { picture: { sampleAspect: { num: 4, den: 3 } } }],
    [
      'key_frame_distance',
      { packets: packets((lines) => lines.map((l, at) => (at === 100 ? l.replace('K', '_') : l))) },
    ],
    ['key_frame_distance', { packets: packets((lines) => lines.map((l, at) => (at === 0 ? l.replace('K', '_') : l))) }],
    [
      'first_and_last_frame',
      {
        frames: [
          { stream: 0, time: 0 },
          { stream: 1, time: 0 },
        ],
      },
    ],
    [
      'first_and_last_frame',
      {
        frames: [
          { stream: 0, time: 0 },
          { stream: 0, time: 9.96 },
        ],
      },
    ],
  ])('names %s', (field, changes) => {
    expect(fields(proxy(changes))).toContain(field);
  });

  it('allows 2.000 s between key frames and not a tick more', () => {
    expect(fields(proxy())).toEqual([]);
    const late = packets((lines) =>
      lines.map((line, at) => (at === 100 ? line.replace(/^\d+/, String(100 * 512 + 1)) : line)),
    );
    expect(fields(proxy({ packets: late }))).toEqual(['key_frame_distance']);
  });

  it('says what was expected and what came', () => {
    const [difference] = compare(source, plan, proxy({ sound: { channels: 1 } }));
    expect(difference).toEqual({ field: 'audio_channels', expected: '2', actual: '1' });
  });

  it('compares sound alone where there is only sound', () => {
    const talk = probeOf([audio({ index: 0, channels: 1 })]);
    const sound = planSound(talk, profile);
    if (sound === undefined) throw new Error('no plan');
    const made = (seconds: number): ReadBack => ({
      probe: probeOf([audio({ index: 0, channels: 1, duration: seconds })]),
      frames: [{ stream: 0, time: 0 }],
    });
    expect(compare(talk, sound, made(10.05))).toEqual([]);
    expect(compare(talk, sound, made(5)).map(({ field }) => field)).toEqual(['duration']);
  });

  it('trusts a length taken from timestamps less than one that is written down', () => {
    const transport = probeOf([audio({ index: 0 })], { name: 'mpegts' });
    expect(durationSlack(transport, plan, 60)).toBeGreaterThan(1);
    expect(durationSlack(source, plan, 60)).toBeLessThan(0.2);
  });
});
