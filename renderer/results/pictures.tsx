import { useTranslation } from 'react-i18next';
import { Section } from '../ui/parts.tsx';
import { moment } from '../format/durations.ts';
import type { Playback } from './playback.ts';
import { StillPicture } from './still-picture.tsx';
import { spread, type Still } from './storyboard.ts';

/** A sheet has up to a thousand pictures; these are enough to read a clip, and hovering shows the rest. */
const SHOWN = 20;

/** A photo, or the one picture of a file that has no time: as large as the page can show it. */
export function Photo({
  assetUuid,
  name,
  still,
}: {
  readonly assetUuid: string;
  readonly name: string;
  readonly still: Still;
}) {
  const { t } = useTranslation();
  return (
    <div className="stage photo">
      <StillPicture assetUuid={assetUuid} still={still} alt={t('done.picture', { name })} eager />
    </div>
  );
}

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
  readonly playback: Playback;
}) {
  const { t } = useTranslation();
  const shown = spread(stills, SHOWN);
  return (
    <Section title={t('done.pictures')}>
      <ul className="thumbs">
        {shown.map((still) => {
          const time = moment(still.timeMs);
          const alt = stills.length === 1 ? t('done.picture', { name }) : t('done.pictureAt', { time });
          return (
            <li key={`${still.ref} ${still.timeMs}`}>
              <button type="button" className="thumb" onClick={() => playback.seek(still.timeMs / 1000)}>
                <StillPicture assetUuid={assetUuid} still={still} alt={alt} />
                <span className="timecode" aria-hidden="true">
                  {time}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
