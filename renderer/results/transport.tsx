import { useEffect, useRef, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { IconButton } from './icon-button.tsx';
import type { Positions } from './deck.ts';
import type { Playback } from './playback.ts';

/** The position is drawn in steps of this part of the length. */
const STEPS = 10_000;

/** Play, steps, speed, the position as timecode and as a line over the whole length. */
export function Transport({
  playback,
  positions,
  screen,
}: {
  readonly playback: Playback;
  readonly positions: Positions;
  /** What is shown full screen; null where there is only sound. */
  readonly screen: RefObject<HTMLElement | null> | null;
}) {
  const { t } = useTranslation();
  const media = useStore(playback.store, (state) => state.media);
  const speed = useStore(playback.store, (state) => state.speed);
  const muted = useStore(playback.store, (state) => state.muted);
  const playable = media === 'ready' || media === 'no-picture';
  return (
    <div className="transport" role="group" aria-label={t('results.transport')}>
      <Position playback={playback} positions={positions} />
      <div className="transport-buttons">
        <IconButton icon="stepBack" label={t('results.frameBack')} keys="ArrowLeft" onClick={() => playback.step(-1)} />
        <IconButton
          icon={speed === 0 ? 'resume' : 'pause'}
          label={t(speed === 0 ? 'results.play' : 'results.pause')}
          keys="Space"
          disabled={!playable}
          onClick={() => playback.toggle()}
        />
        <IconButton icon="stepOn" label={t('results.frameOn')} keys="ArrowRight" onClick={() => playback.step(1)} />
        <Timecode playback={playback} positions={positions} />
        <span className="transport-speed" aria-live="polite">
          {speed === 0 || speed === 1 ? '' : t('results.speed', { speed })}
        </span>
        <span className="transport-gap" />
        <IconButton
          icon={muted ? 'silent' : 'sound'}
          label={t(muted ? 'results.unmute' : 'results.mute')}
          keys="M"
          disabled={!playable}
          onClick={() => playback.setMuted(!muted)}
        />
        {screen !== null && (
          <IconButton
            icon="screen"
            label={t('results.fullScreen')}
            disabled={media !== 'ready'}
            onClick={() => void screen.current?.requestFullscreen().catch(() => undefined)}
          />
        )}
      </div>
    </div>
  );
}

/** Where playback is and how long the clip is; written into the document with every picture, without React. */
function Timecode({ playback, positions }: { readonly playback: Playback; readonly positions: Positions }) {
  const { t } = useTranslation();
  const now = useRef<HTMLSpanElement>(null);
  const end = useRef<HTMLSpanElement>(null);
  useEffect(
    () =>
      playback.follow((seconds) => {
        if (now.current !== null) now.current.textContent = positions.write(seconds);
        if (end.current !== null) end.current.textContent = positions.write(playback.duration());
      }),
    [playback, positions],
  );
  const dropFrame = positions.base?.dropFrame === true;
  return (
    <span className="timecode transport-time" title={dropFrame ? t('fact.dropFrame') : undefined}>
      <span ref={now} data-testid="timecode" />
      <span className="transport-length">
        {' / '}
        <span ref={end} />
      </span>
    </span>
  );
}

function Position({ playback, positions }: { readonly playback: Playback; readonly positions: Positions }) {
  const { t } = useTranslation();
  const slider = useRef<HTMLInputElement>(null);
  useEffect(
    () =>
      playback.follow((seconds) => {
        const line = slider.current;
        if (line === null) return;
        const share = seconds / Math.max(0.001, playback.duration());
        line.value = String(Math.round(share * STEPS));
        line.style.setProperty('--share', `${Math.min(100, share * 100)}%`);
        line.setAttribute('aria-valuetext', positions.write(seconds));
      }),
    [playback, positions],
  );
  return (
    <input
      ref={slider}
      className="transport-line"
      type="range"
      min={0}
      max={STEPS}
      defaultValue={0}
      aria-label={t('results.position')}
      onInput={({ currentTarget }) => playback.seek((Number(currentTarget.value) / STEPS) * playback.duration())}
      onKeyDown={(event) => {
        // A step of the line would be a ten-thousandth of the length; a frame, a second or the ends are meant.
        const { key, shiftKey } = event;
        if (key === 'ArrowLeft' || key === 'ArrowRight') {
          const direction = key === 'ArrowLeft' ? -1 : 1;
          if (shiftKey) playback.seek(playback.time() + direction);
          else playback.step(direction);
        } else if (key === 'PageUp' || key === 'PageDown') {
          playback.seek(playback.time() + (key === 'PageUp' ? 10 : -10));
        } else return;
        event.preventDefault();
      }}
    />
  );
}
