import { extremes, type Peaks } from './waveform-peaks.ts';

export interface View {
  /** Seconds at the left edge. */
  readonly from: number;
  /** Seconds that are visible. */
  readonly span: number;
  /** Seconds that were played already are drawn stronger up to here. */
  readonly playedTo: number;
}

export interface Colours {
  readonly played: string;
  readonly rest: string;
  readonly head: string;
  readonly middle: string;
}

/** The colours of the theme, read from the canvas itself. */
export function coloursOf(canvas: HTMLCanvasElement): Colours {
  const style = getComputedStyle(canvas);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return { played: of('--wave-played'), rest: of('--wave-rest'), head: of('--wave-head'), middle: of('--wave-middle') };
}

/** Fits the canvas's own pixels to its place on the screen; true when that changed. */
export function fit(canvas: HTMLCanvasElement): boolean {
  const ratio = window.devicePixelRatio;
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width === width && canvas.height === height) return false;
  canvas.width = width;
  canvas.height = height;
  return true;
}

/** Draws what is visible: one column per pixel of the screen, whatever the length of the clip. */
export function draw(canvas: HTMLCanvasElement, peaks: Peaks, view: View, colours: Colours): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  const middle = height / 2;
  context.fillStyle = colours.middle;
  context.fillRect(0, Math.round(middle), width, 1);
  const perColumn = view.span / width;
  const head = (view.playedTo - view.from) / perColumn;
  for (const part of ['played', 'rest'] as const) {
    const [from, to] = part === 'played' ? [0, Math.min(width, head)] : [Math.max(0, head), width];
    context.fillStyle = colours[part];
    context.beginPath();
    for (let x = Math.floor(from); x < to; x += 1) {
      const at = view.from + x * perColumn;
      if (at >= peaks.seconds) break;
      const [low, high] = extremes(peaks, at, at + perColumn);
      const top = middle - high * (middle - 1);
      context.rect(x, top, 1, Math.max(1, middle - low * (middle - 1) - top));
    }
    context.fill();
  }
  if (head < 0 || head > width) return;
  context.fillStyle = colours.head;
  context.fillRect(Math.round(head) - 1, 0, 2 * Math.max(1, Math.round(window.devicePixelRatio)), height);
}
