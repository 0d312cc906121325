import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './icon-button.tsx';
import type { Playback } from './playback.ts';
import { followWaveform } from './waveform-follow.ts';
import { loadPeaks, type Peaks } from './waveform-peaks.ts';

/** Shorter than this nothing can be told apart any more. */
const CLOSEST_SECONDS = 2;
const ZOOM_STEP = 2;
const KEY_SECONDS = 1;

/**
 * The level over time from our `.dat`. Follows playback; a click or a drag seeks. Magnified, it scrolls like any other
 * content, and only what is visible is drawn.
 */
export function Waveform({
  url,
  label,
  playback,
  write,
}: {
  readonly url: string;
  readonly label: string;
  readonly playback: Playback;
  readonly write: (seconds: number) => string;
}) {
  const { t } = useTranslation();
  const peaks = usePeaks(url);
  const [zoom, setZoom] = useState(1);
  if (peaks === 'unavailable') return <p className="hint">{t('done.cannotLoad')}</p>;
  const seconds = peaks === 'loading' ? 0 : peaks.seconds;
  const closest = Math.max(1, seconds / CLOSEST_SECONDS);
  const magnify = (factor: number): void => setZoom((now) => Math.max(1, Math.min(closest, now * factor)));
  return (
    <div className="wave">
      <div className="wave-zoom" role="group" aria-label={t('results.zoom')}>
        <IconButton
          icon="minus"
          label={t('results.zoomOut')}
          disabled={zoom <= 1}
          onClick={() => magnify(1 / ZOOM_STEP)}
        />
        <IconButton
          icon="add"
          label={t('results.zoomIn')}
          disabled={zoom >= closest}
          onClick={() => magnify(ZOOM_STEP)}
        />
        <IconButton icon="whole" label={t('results.zoomAll')} disabled={zoom === 1} onClick={() => setZoom(1)} />
      </div>
      {peaks === 'loading' ? (
        <div className="wave-scroll" aria-label={label} role="img" />
      ) : (
        <Strip peaks={peaks} zoom={zoom} label={label} playback={playback} write={write} onZoom={magnify} />
      )}
    </div>
  );
}

function usePeaks(url: string): Peaks | 'loading' | 'unavailable' {
  const [loaded, setLoaded] = useState<{ readonly url: string; readonly peaks: Peaks | null } | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    const show = async (): Promise<void> => {
      const peaks = await loadPeaks(url, abort.signal);
      if (!abort.signal.aborted) setLoaded({ url, peaks });
    };
    void show();
    return () => abort.abort();
  }, [url]);
  return loaded?.url === url ? (loaded.peaks ?? 'unavailable') : 'loading';
}

interface StripProps {
  readonly peaks: Peaks;
  readonly zoom: number;
  readonly label: string;
  readonly playback: Playback;
  readonly write: (seconds: number) => string;
  readonly onZoom: (factor: number) => void;
}

function Strip({ peaks, zoom, label, playback, write, onZoom }: StripProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const dragging = useRef(false);
  useEffect(() => {
    if (scroller.current === null || canvas.current === null) return;
    return followWaveform(scroller.current, canvas.current, { peaks, zoom, playback, write });
  }, [peaks, zoom, playback, write]);
  useWheelZoom(scroller, onZoom);
  const secondsAt = ({ clientX }: PointerEvent): number => {
    const box = scroller.current;
    if (box === null) return 0;
    const x = clientX - box.getBoundingClientRect().left + box.scrollLeft;
    return Math.max(0, Math.min(1, x / box.scrollWidth)) * peaks.seconds;
  };
  const onKey = (event: KeyboardEvent): void => {
    const far = event.key === 'PageUp' || event.key === 'PageDown';
    const back = event.key === 'ArrowLeft' || event.key === 'ArrowDown' || event.key === 'PageDown';
    const on = event.key === 'ArrowRight' || event.key === 'ArrowUp' || event.key === 'PageUp';
    if (event.key === 'Home') playback.seek(0);
    else if (event.key === 'End') playback.seek(playback.duration());
    else if (back || on) playback.seek(playback.time() + (on ? 1 : -1) * KEY_SECONDS * (far ? 10 : 1));
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={scroller}
      className="wave-scroll"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.round(peaks.seconds)}
      aria-valuenow={0}
      onKeyDown={onKey}
      onPointerDown={(event) => {
        if (event.button !== 0 || isOnScrollbar(event)) return;
        dragging.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
        playback.seek(secondsAt(event));
      }}
      onPointerMove={(event) => dragging.current && playback.seek(secondsAt(event))}
      onPointerUp={() => (dragging.current = false)}
      onPointerCancel={() => (dragging.current = false)}
    >
      <div className="wave-length" style={{ width: `${zoom * 100}%` }}>
        <canvas ref={canvas} className="wave-canvas" style={{ width: `${100 / zoom}%` }} />
      </div>
    </div>
  );
}

function isOnScrollbar({ currentTarget, clientY }: PointerEvent): boolean {
  return clientY > currentTarget.getBoundingClientRect().top + currentTarget.clientHeight;
}

/** Ctrl or ⌘ and the wheel magnify. React's own wheel listeners cannot keep the page from zooming. */
function useWheelZoom(scroller: { readonly current: HTMLElement | null }, onZoom: (factor: number) => void): void {
  const latest = useRef(onZoom);
  useEffect(() => {
    latest.current = onZoom;
  });
  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      latest.current(event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP);
    };
    box.addEventListener('wheel', onWheel, { passive: false });
    return () => box.removeEventListener('wheel', onWheel);
  }, [scroller]);
}
