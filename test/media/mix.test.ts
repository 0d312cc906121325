import { describe, expect, it } from 'vitest';
import { mixSound } from '../../electron/work/media/mix.ts';
import { audio } from './proxy-streams.ts';

const tracks = (...channels: number[]) => channels.map((count, index) => audio({ index, channels: count }));

describe('mixSound', () => {
  it('has nothing to mix without streams', () => {
    expect(mixSound([])).toBeUndefined();
  });

  it('leaves one mono stream mono and one stereo stream alone, without a limiter', () => {
    expect(mixSound(tracks(1))?.channels).toBe(1);
    expect(mixSound(tracks(2))?.channels).toBe(2);
    expect(mixSound(tracks(2))?.graph).toContain('pan=stereo|c0=c0|c1=c1');
    expect(mixSound(tracks(2))?.graph).not.toContain('alimiter');
  });

  it('holds what floating-point samples have above full scale', () => {
    for (const channels of [1, 2]) {
      expect(mixSound([audio({ codec: 'pcm_f32le', channels })])?.graph).toContain('alimiter');
      expect(mixSound([audio({ codec: 'pcm_s24le', channels })])?.graph).not.toContain('alimiter');
    }
  });

  it('sums all streams undivided, each by its own index, under a limiter', () => {
    const mix = mixSound([audio({ index: 1, channels: 1 }), audio({ index: 4, channels: 2 })]);
    expect(mix?.channels).toBe(2);
    expect(mix?.graph).toContain('[0:1]pan=stereo|c0=c0|c1=c0');
    expect(mix?.graph).toContain('[0:4]pan=stereo|c0=c0|c1=c1');
    expect(mix?.graph).toContain('amix=inputs=2:duration=longest:dropout_transition=0:normalize=false,alimiter');
  });

  it('mixes 5.1 down as BS.775 says', () => {
    const mix = mixSound([audio({ channels: 6, channelLayout: '5.1(side)' })]);
    expect(mix?.graph).toContain('pan=stereo|c0=c0+0.7071*c2+0.7071*c4|c1=c1+0.7071*c2+0.7071*c5');
  });

  it('hears every channel of a stream without a layout, or with one that does not fit', () => {
    expect(mixSound(tracks(4))?.graph).toContain('pan=stereo|c0=c0+c1+c2+c3|c1=c0+c1+c2+c3');
    expect(mixSound([audio({ channels: 3, channelLayout: '5.1' })])?.graph).toContain('c0=c0+c1+c2|');
  });

  it('knows as many speakers in each layout as the layout has channels', () => {
    const layouts = { '2.1': 3, '3.0': 3, '4.0': 4, quad: 4, '5.0': 5, '5.1': 6, '6.1': 7, '7.1': 8 };
    for (const [channelLayout, channels] of Object.entries(layouts)) {
      // A layout that did not fit would be heard as separate microphones: the sum of all channels.
      const all = Array.from({ length: channels }, (_, at) => `c${at}`).join('+');
      expect(mixSound([audio({ channels, channelLayout })])?.graph).not.toContain(`c0=${all}|`);
    }
  });
});
