import type { Ratio } from './probe.ts';
import type { PacketFacts } from './proxy-readback.ts';
import { isNear, ratioValue } from './rational.ts';

/**
 * Film in video: 24 pictures a second, of which a flag has every other one shown for three fields instead of two (2:3
 * pulldown as DVDs and 24p camcorders write it). Nothing is woven in the file; editing programs take it as film.
 */

const FILM: readonly { readonly film: Ratio; readonly video: readonly Ratio[] }[] = [
  {
    film: { num: 24_000, den: 1001 },
    video: [
      { num: 30_000, den: 1001 },
      { num: 60_000, den: 1001 },
    ],
  },
  {
    film: { num: 24, den: 1 },
    video: [
      { num: 30, den: 1 },
      { num: 60, den: 1 },
    ],
  },
];

/** The rate of film that may be in video of this rate; undefined where there is none. */
export function filmRate(rate: Ratio | undefined): Ratio | undefined {
  if (rate === undefined) return undefined;
  return FILM.find(({ video }) => video.some((one) => isNear(rate, one, 0.0001)))?.film;
}

/** Of the pictures' mean time on the screen: breaks at a scene's edge stay within, a minute of video in an hour not. */
const CADENCE = 0.01;
const ROUNDED = 0.01;

/**
 * Whether pictures without time stamps are film, by how long each says it is shown: two fields or three, as many of the
 * one as of the other. `mixed`: some are shown for three fields, but not every other one.
 */
export function untimedFilm({ shown, count }: PacketFacts, timeBase: Ratio, film: Ratio): 'film' | 'mixed' | 'none' {
  // Film of 24 is shown at 30: two fields last as long as 0.8 pictures of film.
  const twoFields = (0.8 * timeBase.den) / (timeBase.num * ratioValue(film));
  const lasts = (ticks: number, fields: number): boolean => Math.abs(ticks / (twoFields * (fields / 2)) - 1) < ROUNDED;
  if (!lasts(shown.shortest, 2) || !lasts(shown.longest, 3)) return 'none';
  return Math.abs(shown.total / count / (twoFields * 1.25) - 1) < CADENCE ? 'film' : 'mixed';
}
