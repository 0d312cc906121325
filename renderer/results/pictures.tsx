import { useTranslation } from 'react-i18next';
import { Section } from '../ui/parts.tsx';
import { moment } from '../format/durations.ts';
import type { Playback } from './playback.ts';
import { StillPicture } from './still-picture.tsx';
import { spread, type Still } from './storyboard.ts';

/** A sheet has up to a thousand pictures; these are enough to read a clip, and hovering shows the rest. */
const SHOWN = 20;

/** The storyboard; a picture is a way to its moment. */
export function Pictures({
  assetUuid,
  name,
  stills,
  playback,
}: {
  readonly assetUuid: string;
  readonly name: string;
  readonly stills: readonly Still[];
  /** Null where there is no time to go to: a photo. */
  readonly playback: Playback | null;
}) {
  const { t } = useTranslation();
  const shown = spread(stills, SHOWN);
  return (
    <Section title={t('done.pictures')}>
      <ul className="thumbs">
        {shown.map((still) => {
          const time = moment(still.timeMs);
          const single = stills.length === 1;
          const picture = (
            <StillPicture
              assetUuid={assetUuid}
              still={still}
              alt={single ? t('done.picture', { name }) : t('done.pictureAt', { time })}
            />
          );
          return (
            <li key={`${still.ref} ${still.timeMs}`}>
              {playback === null ? (
                picture
              ) : (
                <button type="button" className="thumb" onClick={() => playback.seek(still.timeMs / 1000)}>
                  {picture}
                  <span className="timecode" aria-hidden="true">
                    {time}
                  </span>
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
