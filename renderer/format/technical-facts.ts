import type { TFunction } from 'i18next';
import type { TechnicalMetadata } from '../../shared/wire.ts';
import { clock } from './durations.ts';

/** Facts of a source as named lines; unknown ones are absent. */
export function factRows(
  facts: TechnicalMetadata,
  t: TFunction,
  language: string,
): (readonly [name: string, value: string | undefined])[] {
  const number = (value: number): string => new Intl.NumberFormat(language, { maximumFractionDigits: 3 }).format(value);
  const join = (...parts: (string | undefined | false)[]): string | undefined =>
    parts.filter((part) => part !== undefined && part !== false && part !== '').join(' · ') || undefined;
  const { width, height, fps, audio_streams: streams = [] } = facts;
  return [
    [t('fact.format'), facts.media_format],
    [t('fact.duration'), facts.duration_ms === undefined ? undefined : clock(facts.duration_ms)],
    [
      t('fact.picture'),
      join(width !== undefined && height !== undefined && `${width} × ${height}`, facts.display_aspect),
    ],
    [t('fact.video'), join(facts.video_codec, facts.profile, facts.pixel_format)],
    [t('fact.frameRate'), fps === undefined ? undefined : `${number(fps.value)} (${fps.num}/${fps.den})`],
    [t('fact.colour'), join(facts.color_primaries, facts.color_transfer, facts.color_range)],
    [t('fact.timecode'), join(facts.timecode_start, facts.drop_frame === true && t('fact.dropFrame'))],
    [t('fact.reel'), facts.reel_name],
    [
      t('fact.sound'),
      join(
        ...streams.map((stream) =>
          [
            stream.codec,
            stream.channels === undefined ? undefined : t('fact.channels', { count: stream.channels }),
            stream.sample_rate_hz === undefined ? undefined : `${number(stream.sample_rate_hz / 1000)}\u00a0kHz`,
          ]
            .filter((part) => part !== undefined)
            .join(', '),
        ),
      ),
    ],
    [t('fact.camera'), join(facts.camera_make, facts.camera_model)],
  ];
}
