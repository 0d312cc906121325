import { describe, expect, it } from 'vitest';
import { filmRate, untimedFilm } from '../../electron/work/media/proxy-film.ts';
import { createPacketReader } from '../../electron/work/media/proxy-readback.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { filmInVideo } from './film-made.ts';
import { shownFrames } from './matrix-reading.ts';
import { COUNTER } from './matrix-sources.ts';
import { failureOf, makeProxy, pictureOf } from './proxy-run.ts';
import { first } from '../support/first.ts';

const FILM = { num: 24_000, den: 1001 };

describe.skipIf(NO_FFMPEG !== null)('film in video', () => {
  first(1).each(['film.mpg', 'film.ts', 'film.mkv'])('of %s is film in its proxy, each picture once', async (file) => {
    const source = await filmInVideo(file, COUNTER);
    for (const profile of ['edit_h264_half_v1', 'edit_prores_proxy_v1']) {
      await using proxy = await makeProxy(source, profile);
      const frames = await shownFrames(proxy.file, 0);
      expect(frames.map(({ number }) => number)).toEqual(Array.from({ length: 96 }, (_, n) => n));
      for (const [n, { time }] of frames.entries()) expect(time).toBeCloseTo((n * 1001) / 24_000, 3);
      const { averageRate, fieldOrder } = pictureOf(proxy.probe);
      expect([averageRate, fieldOrder]).toEqual([FILM, 'progressive']);
      expect(proxy.success.facts).toMatchObject({ frame_count: 96, fps: { num: 24_000, den: 1001 } });
    }
  });

  it('that alternates with video, and has no time stamps to tell which is which, is refused by name', async () => {
    const failure = await failureOf(await filmInVideo('mixed.mpg', COUNTER, 96, 40), 'edit_h264_half_v1');
    expect(failure).toMatchObject({ code: 'UNSUPPORTED_MEDIA', retryable: false });
    expect(failure.message).toMatch(/film and video alternate/);
  });
});

describe('film without time stamps', () => {
  const CLOCK = { num: 1, den: 90_000 };
  const of = (ticks: readonly number[]) => {
    const reader = createPacketReader();
    for (const duration of ticks) reader.line(`N/A,N/A,${duration},__`);
    const facts = reader.facts();
    if (facts === undefined) throw new Error('no packets');
    return untimedFilm(facts, CLOCK, FILM);
  };
  const many = (ticks: readonly number[]): number[] => Array.from({ length: 50 }, () => ticks).flat();

  it('is what is shown for two fields and three in turn', () => {
    expect(of(many([3003, 4504]))).toBe('film');
    expect(of([...many([3003, 4505]), 4505, 3003, 3003])).toBe('film');
    expect(of(many([3003]))).toBe('none');
    expect(of(many([3003, 6006]))).toBe('none');
    expect(of(many([3003, 3003, 4504]))).toBe('mixed');
  });

  it('is at 24 pictures where video is at 30 or 60, and nowhere else', () => {
    expect(filmRate({ num: 60_000, den: 1001 })).toEqual(FILM);
    expect(filmRate({ num: 30, den: 1 })).toEqual({ num: 24, den: 1 });
    expect(filmRate({ num: 25, den: 1 })).toBeUndefined();
    expect(filmRate(undefined)).toBeUndefined();
  });
});
