import { ICON_OF, isJobType } from '../../shared/job.ts';
import type { DoneAsset } from '../selectors.ts';

/** Own icons on a 16 × 16 grid, drawn with the text's colour. */
const SHAPES = {
  now: 'M5 3.2v9.6L12.6 8z',
  queue: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  done: 'M2.5 8.5l3.6 3.6 7.4-8',
  failures: 'M8 2.2l6.3 11.3H1.7zM8 6.4v3.4M8 11.4v.6',
  capabilities:
    'M8 1.9l1.7 1.5 2.2-.3.6 2.2 2 1-.9 2 .9 2-2 1-.6 2.2-2.2-.3L8 14.7l-1.7-1.5-2.2.3-.6-2.2-2-1 .9-2-.9-2 2-1 .6-2.2 2.2.3zM5.6 8.4l1.7 1.7 3.2-3.4',
  health: 'M1.5 8.5h3l2-5 3 9 2-4h3',
  pause: 'M5.2 3.2v9.6M10.8 3.2v9.6',
  resume: 'M5 3.2v9.6L12.6 8z',
  drain: 'M3.5 14V2.6M3.5 3h8.6l-2 2.8 2 2.8H3.5',
  cancel: 'M3.8 3.8l8.4 8.4M12.2 3.8l-8.4 8.4',
  retry: 'M13 8a5 5 0 1 1-1.6-3.7M13 1.8v3h-3',
  copy: 'M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1',
  back: 'M9.8 3.2L5 8l4.8 4.8',
  video: 'M1.8 3.5h12.4v9H1.8zM4.6 3.5v9M11.4 3.5v9M1.8 8h2.8M11.4 8h2.8',
  picture: 'M1.8 3h12.4v10H1.8zM1.8 11l3.6-3.6 2.8 2.8 2.2-2.2 3.8 3.8M10.6 5.9v.1',
  wave: 'M2 7v2M4.4 5v6M6.8 2.8v10.4M9.2 5.4v5.2M11.6 4v8M14 7v2',
  words: 'M2.2 3h11.6v7.6H7.4L4.6 13v-2.4H2.2zM4.8 5.7h6.4M4.8 8h4',
  server: 'M2.5 2.8h11v4.4h-11zM2.5 8.8h11v4.4h-11zM4.8 5v.1M4.8 11v.1',
  unknown: 'M5.6 6a2.4 2.4 0 1 1 3.2 2.3c-.6.2-.8.6-.8 1.4M8 11.8v.2',
  add: 'M8 3v10M3 8h10',
  settings: 'M2.5 4.5h3M9.5 4.5h4M7.5 2.8v3.4M2.5 11.5h6M12.5 11.5h1M10.5 9.8v3.4',
  lock: 'M3.8 7.2h8.4v6H3.8zM5.6 7.2V5a2.4 2.4 0 0 1 4.8 0v2.2',
  folder: 'M1.8 4h4.4l1.4 1.6h6.6v7.2H1.8z',
  file: 'M4 1.8h5.4L12 4.4v9.8H4zM9.2 1.8v2.8H12',
  up: 'M8 13V3.4M4 7.2l4-4 4 4',
  home: 'M2.2 7.6L8 2.6l5.8 5M4 6.6v6.8h8V6.6',
  disk: 'M2 4.2h12v7.6H2zM4.4 9.6h.1M2 8h12',
  keys: 'M1.8 4.2h12.4v7.6H1.8zM4.4 6.8h.1M7 6.8h.1M9.6 6.8h.1M12 6.8h-.1M5 9.4h6',
  more: 'M3.5 6l4.5 4.5L12.5 6',
  save: 'M8 2.4v7.4M4.8 6.8L8 10l3.2-3.2M2.6 13.2h10.8',
  key: 'M6.2 9.8a3 3 0 1 1 1.2-1.2l6 6M11 12.2l1.6-1.6',
  minus: 'M3 8h10',
  whole:
    'M1.8 5V3h2.4M14.2 5V3h-2.4M1.8 11v2h2.4M14.2 11v2h-2.4M4.5 8h7M4.5 8l1.6-1.6M4.5 8l1.6 1.6M11.5 8L9.9 6.4M11.5 8l-1.6 1.6',
  stepBack: 'M11.8 3.6v8.8L5.4 8zM3.6 3.6v8.8',
  stepOn: 'M4.2 3.6v8.8L10.6 8zM12.4 3.6v8.8',
  sound: 'M2.2 6h2.6L8.2 3v10L4.8 10H2.2zM10.6 5.6a3.4 3.4 0 0 1 0 4.8M12.4 3.8a6 6 0 0 1 0 8.4',
  silent: 'M2.2 6h2.6L8.2 3v10L4.8 10H2.2zM10.6 6.2l3.4 3.6M14 6.2l-3.4 3.6',
  screen: 'M2 6V2.5h3.5M14 6V2.5h-3.5M2 10v3.5h3.5M14 10v3.5h-3.5',
  search: 'M7 11.6a4.6 4.6 0 1 0 0-9.2 4.6 4.6 0 0 0 0 9.2zM10.4 10.4l3.4 3.4',
  down: 'M8 3v9.6M4 8.8l4 4 4-4',
  follow: 'M8 2v2.4M8 11.6V14M2 8h2.4M11.6 8H14M8 10.4a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8z',
  grid: 'M2.2 2.8h5v4h-5zM8.8 2.8h5v4h-5zM2.2 9.2h5v4h-5zM8.8 9.2h5v4h-5z',
  reveal: 'M1.8 4h4.4l1.4 1.6h6.6v7.2H1.8zM7 9.2h4.4M9.6 7.4l1.8 1.8-1.8 1.8',
} as const;

export type IconName = keyof typeof SHAPES;

export function jobIcon(jobType: string): IconName {
  return isJobType(jobType) ? ICON_OF[jobType] : 'unknown';
}

/** What stands for a file without a picture. */
export function assetIcon({ artifacts, jobs }: Pick<DoneAsset, 'artifacts' | 'jobs'>): IconName {
  if (artifacts.some(({ kind }) => kind === 'proxy_audio')) return 'wave';
  return jobIcon(jobs[0]?.jobType ?? '');
}

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  const filled = name === 'now' || name === 'resume';
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path
        d={SHAPES[name]}
        fill={filled ? 'currentColor' : 'none'}
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
