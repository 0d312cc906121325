import type { CSSProperties } from 'react';
import { useBridge } from '../use-agent.ts';
import type { Still } from './storyboard.ts';

/** One picture: a file, or its tile of a sheet. */
export function StillPicture({
  assetUuid,
  still,
  alt,
  eager = false,
}: {
  readonly assetUuid: string;
  readonly still: Still;
  readonly alt: string;
  readonly eager?: boolean;
}) {
  const bridge = useBridge();
  return (
    <img
      className={still.tile === undefined ? 'still' : 'still still-tile'}
      src={bridge.derivedUrl(assetUuid, still.ref)}
      alt={alt}
      width={still.width}
      height={still.height}
      decoding="async"
      loading={eager ? 'eager' : 'lazy'}
      draggable={false}
      style={tileStyle(still)}
    />
  );
}

/** Shows one tile of a sheet as if it were a picture of its own. */
function tileStyle({ tile, width, height }: Still): CSSProperties | undefined {
  if (tile === undefined) return undefined;
  const { x, y, w, h } = tile;
  return { objectViewBox: `xywh(${x}px ${y}px ${w}px ${h}px)`, aspectRatio: `${width} / ${height}` };
}
