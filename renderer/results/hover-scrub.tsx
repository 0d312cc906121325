import { useState, type PointerEvent } from 'react';
import { clock } from '../format/durations.ts';
import { useReport } from '../report.ts';
import { pictures, poster, type DoneAsset } from '../selectors.ts';
import { assetIcon } from '../ui/icon.tsx';
import { Poster } from '../ui/poster.tsx';
import { StillPicture } from './still-picture.tsx';
import { stillsOf, type Still } from './storyboard.ts';

/** A file's picture; moving over it from left to right goes through its storyboard. */
export function HoverScrub({ asset }: { readonly asset: DoneAsset }) {
  const [share, setShare] = useState<number | null>(null);
  const job = asset.jobs.find(({ jobType }) => jobType === 'generate_thumbnails');
  const several = pictures(asset.artifacts).length > 1;
  const sheeted = pictures(asset.artifacts)[0]?.tile !== undefined;
  // The report is asked for only where it is needed: tiles are named nowhere else.
  const report = useReport(share !== null && sheeted ? job?.jobId : undefined);
  const stills = share === null ? [] : stillsOf(asset.artifacts, report);
  const still: Still | undefined = share === null ? undefined : stills[Math.floor(share * stills.length)];
  const scrub = (event: PointerEvent): void => {
    const box = event.currentTarget.getBoundingClientRect();
    setShare(Math.max(0, Math.min(0.9999, (event.clientX - box.left) / box.width)));
  };
  const shown = share !== null && still !== undefined && stills.length > 1;
  return (
    <span
      className="scrub"
      {...(several || sheeted ? { onPointerMove: scrub, onPointerLeave: () => setShare(null) } : {})}
    >
      {shown ? (
        <span className="poster">
          <StillPicture assetUuid={asset.assetUuid} still={still} alt="" eager />
        </span>
      ) : (
        <Poster assetUuid={asset.assetUuid} picture={poster(asset.artifacts)} alt="" fallback={assetIcon(asset)} />
      )}
      {shown && (
        <>
          <span className="scrub-line" style={{ width: `${share * 100}%` }} />
          <span className="scrub-time timecode">{clock(still.timeMs)}</span>
        </>
      )}
    </span>
  );
}
