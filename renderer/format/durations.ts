import type { TimeLeft } from '../progress-history.ts';

const two = (value: number): string => String(value).padStart(2, '0');

/** A running clock: `0:07`, `12:34`, `1:02:03`. */
export function clock(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A moment inside a clip, to the tenth: `0:01.4`. */
export function moment(ms: number): string {
  const tenths = Math.floor(Math.max(0, ms) / 100);
  return `${clock(tenths * 100)}.${tenths % 10}`;
}

/** How long something took: `412 ms`, `3.4 s`, `12 min 5 s`, `1 h 2 min`. */
export function took(ms: number, language: string): string {
  const number = (value: number, digits = 0): string =>
    new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
  if (ms < 1000) return `${number(Math.round(ms))}\u00a0ms`;
  if (ms < 60_000) return `${number(ms / 1000, 1)}\u00a0s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}\u00a0min ${seconds % 60}\u00a0s`;
  return `${Math.floor(seconds / 3600)}\u00a0h ${Math.floor(seconds / 60) % 60}\u00a0min`;
}

/** Coarse steps, so that the number does not jitter: 5 s under a minute, whole minutes up to an hour, then 5 min. */
function coarse(ms: number): { readonly text: string; readonly key: number } {
  const seconds = Math.max(5, Math.ceil(ms / 5000) * 5);
  if (seconds < 60) return { text: `${seconds}\u00a0s`, key: seconds };
  const minutes = Math.ceil(ms / 60_000);
  if (minutes < 60) return { text: `${minutes}\u00a0min`, key: minutes * 60 };
  const rounded = Math.ceil(minutes / 5) * 5;
  const rest = rounded % 60;
  return { text: `${Math.floor(rounded / 60)}\u00a0h${rest === 0 ? '' : `\u00a0${two(rest)}`}`, key: rounded * 60 };
}

type SpokenTimeLeft =
  | { readonly key: 'time.upTo'; readonly high: string }
  | { readonly key: 'time.about'; readonly value: string }
  | { readonly key: 'time.range'; readonly low: string; readonly high: string };

/** The estimate as words: its spread is shown wherever the two ends differ after rounding. */
export function spokenTimeLeft({ lowMs, highMs }: TimeLeft): SpokenTimeLeft {
  const low = coarse(lowMs);
  const high = coarse(highMs);
  if (high.key <= 5) return { key: 'time.upTo', high: high.text };
  if (low.key === high.key) return { key: 'time.about', value: high.text };
  return { key: 'time.range', low: low.text, high: high.text };
}
