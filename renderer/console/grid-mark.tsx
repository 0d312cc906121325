import type { GridState } from '../../shared/wire-page.ts';

/** On a 16 × 16 grid: each state has a shape of its own, so that colour alone says nothing. */
const SHAPES: Readonly<Record<GridState, string>> = {
  waiting: 'M8 3.2a4.8 4.8 0 1 1 0 9.6a4.8 4.8 0 0 1 0 -9.6z',
  held: 'M5.4 3.6v8.8M10.6 3.6v8.8',
  running: 'M4.6 3l8 5l-8 5z',
  done: 'M3 8.4l3.4 3.4l6.8 -7.4',
  failed: 'M8 2.2l5.8 5.8l-5.8 5.8l-5.8 -5.8z',
  cancelled: 'M4.4 4.4l7.2 7.2M11.6 4.4l-7.2 7.2',
};
const FILLED: ReadonlySet<GridState> = new Set(['running', 'failed']);

/** The state of a job; what it means is said beside it or in its label. */
export function GridMark({ state }: { readonly state: GridState }) {
  return (
    <svg className="grid-mark" data-state={state} width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path
        d={SHAPES[state]}
        fill={FILLED.has(state) ? 'currentColor' : 'none'}
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
