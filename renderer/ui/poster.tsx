import { useState, type CSSProperties } from 'react';
import type { EndedArtifact } from '../../shared/snapshot.ts';
import { useBridge } from '../use-agent.ts';
import { Icon, type IconName } from './icon.tsx';

/** A picture in a frame of fixed shape, so that nothing moves when it arrives; an icon where there is none. */
export function Poster({
  assetUuid,
  picture,
  alt,
  fallback,
}: {
  assetUuid: string;
  picture: EndedArtifact | undefined;
  /** Empty where the name stands beside it. */
  alt: string;
  fallback: IconName;
}) {
  const bridge = useBridge();
  const [broken, setBroken] = useState<string | null>(null);
  const shown = picture !== undefined && broken !== picture.ref;
  return (
    <span className="poster">
      {shown ? (
        <img
          src={bridge.derivedUrl(assetUuid, picture.ref)}
          alt={alt}
          decoding="async"
          loading="lazy"
          onError={() => setBroken(picture.ref)}
          style={sheetStyle(picture)}
          className={picture.tile === undefined ? undefined : 'still-tile'}
        />
      ) : (
        <Icon name={fallback} size={20} />
      )}
    </span>
  );
}

/** Of a sheet the picture in its middle: the first one is often a slate or black. */
function sheetStyle({ tile, width, height }: EndedArtifact): CSSProperties | undefined {
  if (tile === undefined || width === undefined || height === undefined) return undefined;
  const x = Math.floor(width / tile.w / 2) * tile.w;
  const y = Math.floor((height / tile.h - 1) / 2) * tile.h;
  return { objectViewBox: `xywh(${x}px ${y}px ${tile.w}px ${tile.h}px)` };
}
