import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { EndedArtifact } from '../../shared/snapshot.ts';
import { useBridge } from '../use-agent.ts';
import type { MediaState, Playback } from './playback.ts';
import { StillPicture } from './still-picture.tsx';
import { stillAt, type Still } from './storyboard.ts';

/**
 * What is seen and heard. A proxy whose format this browser cannot show is said to be one, and the storyboard follows
 * the playhead in its place; its sound still plays where the browser can decode it.
 */
export function Stage({
  assetUuid,
  name,
  proxy,
  stills,
  poster,
  playback,
}: {
  readonly assetUuid: string;
  readonly name: string;
  readonly proxy: EndedArtifact | undefined;
  readonly stills: readonly Still[];
  readonly poster: EndedArtifact | undefined;
  readonly playback: Playback;
}) {
  const { t } = useTranslation();
  const bridge = useBridge();
  const state = useStore(playback.store, (all) => all.media);
  const hidden = state === 'no-picture' || state === 'unplayable';
  const seen = proxy?.kind === 'proxy_video' && !hidden;
  return (
    <div className="stage">
      {proxy !== undefined && (
        <Media
          key={proxy.ref}
          urlNow={() => bridge.derivedUrl(assetUuid, proxy.ref)}
          posterUrl={
            poster === undefined || poster.tile !== undefined ? undefined : bridge.derivedUrl(assetUuid, poster.ref)
          }
          isVideo={proxy.kind === 'proxy_video'}
          label={t(proxy.kind === 'proxy_video' ? 'done.videoOf' : 'done.soundOf', { name })}
          hidden={hidden}
          playback={playback}
        />
      )}
      {!seen && stills.length > 0 && (
        <StageStill assetUuid={assetUuid} stills={stills} playback={playback} name={name} />
      )}
      {hidden && <CannotShow state={state} hasStills={stills.length > 0} contentType={proxy?.contentType ?? ''} />}
    </div>
  );
}

/** Its address is taken once: a browser's grant is renewed twice a day, and a new one would begin the clip anew. */
function Media({
  urlNow,
  posterUrl,
  isVideo,
  label,
  hidden,
  playback,
}: {
  readonly urlNow: () => string;
  readonly posterUrl: string | undefined;
  readonly isVideo: boolean;
  readonly label: string;
  readonly hidden: boolean;
  readonly playback: Playback;
}) {
  const media = useRef<HTMLVideoElement & HTMLAudioElement>(null);
  const [url, setUrl] = useState(urlNow);
  const renew = (): void => setUrl(urlNow());
  useEffect(() => {
    playback.attach(media.current, isVideo);
    return () => playback.attach(null, false);
  }, [playback, isVideo]);
  if (!isVideo) return <audio ref={media} preload="auto" src={url} aria-label={label} onError={renew} />;
  return (
    <video
      ref={media}
      className="player"
      hidden={hidden}
      playsInline
      preload="auto"
      src={url}
      onError={renew}
      poster={posterUrl}
      aria-label={label}
      onClick={() => playback.toggle()}
    />
  );
}

function CannotShow({
  state,
  hasStills,
  contentType,
}: {
  readonly state: MediaState;
  readonly hasStills: boolean;
  readonly contentType: string;
}) {
  const { t } = useTranslation();
  return (
    <p className="stage-note" role="note">
      {t(state === 'no-picture' ? 'results.noPicture' : 'results.cannotPlay', { type: contentType })}{' '}
      {hasStills ? t('results.storyboardInstead') : t('results.nothingInstead')}
    </p>
  );
}

/** The picture of the storyboard that belongs to the playhead. */
function StageStill({
  assetUuid,
  stills,
  playback,
  name,
}: {
  readonly assetUuid: string;
  readonly stills: readonly Still[];
  readonly playback: Playback;
  readonly name: string;
}) {
  const { t } = useTranslation();
  const [at, setAt] = useState(() => stillAt(stills, playback.time()));
  useEffect(() => playback.follow((seconds) => setAt(stillAt(stills, seconds))), [playback, stills]);
  const still = useMemo(() => at ?? stills[0], [at, stills]);
  return still === undefined ? null : (
    <div className="stage-still">
      <StillPicture assetUuid={assetUuid} still={still} alt={t('done.picture', { name })} eager />
    </div>
  );
}
