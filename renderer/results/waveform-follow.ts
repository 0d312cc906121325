import type { Playback } from './playback.ts';
import { coloursOf, draw, fit, type Colours } from './waveform-draw.ts';
import type { Peaks } from './waveform-peaks.ts';

export interface Shown {
  readonly peaks: Peaks;
  /** 1: the whole length is visible; 2: half of it. */
  readonly zoom: number;
  readonly playback: Playback;
  readonly write: (seconds: number) => string;
}

/**
 * Keeps a canvas up to date in its scrolling box, and tells its position to screen readers. Draws at most once per
 * frame, whoever asks: a scroll, the playhead, a new size or another theme. Returns what ends it.
 */
export function followWaveform(
  box: HTMLElement,
  canvas: HTMLCanvasElement,
  { peaks, zoom, playback, write }: Shown,
): () => void {
  const over = new AbortController();
  let colours: Colours | null = null;
  let asked = 0;
  const paint = (): void => {
    if (asked !== 0) return;
    asked = requestAnimationFrame(() => {
      asked = 0;
      fit(canvas);
      colours ??= coloursOf(canvas);
      const from = (box.scrollLeft / Math.max(1, box.scrollWidth)) * peaks.seconds;
      draw(canvas, peaks, { from, span: peaks.seconds / zoom, playedTo: playback.time() }, colours);
    });
  };
  // Magnifying keeps the playhead where it can be seen.
  holdInView(box, playback.time() / peaks.seconds);
  const end = playback.follow((seconds) => {
    box.setAttribute('aria-valuenow', String(Math.round(seconds)));
    box.setAttribute('aria-valuetext', write(seconds));
    if (playback.store.getState().speed !== 0) holdInView(box, seconds / peaks.seconds);
    paint();
  });
  const sized = new ResizeObserver(paint);
  sized.observe(box);
  const recolour = (): void => {
    colours = null;
    paint();
  };
  box.addEventListener('scroll', paint, { signal: over.signal, passive: true });
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolour, { signal: over.signal });
  return () => {
    over.abort();
    end();
    sized.disconnect();
    cancelAnimationFrame(asked);
  };
}

/** Turns the page like an editing program: when the playhead leaves, the next stretch begins with it. */
function holdInView(box: HTMLElement, share: number): void {
  const x = share * box.scrollWidth;
  if (x < box.scrollLeft || x > box.scrollLeft + box.clientWidth) {
    box.scrollLeft = Math.max(0, x - box.clientWidth * 0.1);
  }
}
