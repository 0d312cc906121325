import type { DoneAsset } from '../selectors.ts';

/** Own icons on a 16 × 16 grid, drawn with the text's colour. */
const SHAPES = {
  now: 'M5 3.2v9.6L12.6 8z',
  queue: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  done: 'M2.5 8.5l3.6 3.6 7.4-8',
  failures: 'M8 2.2l6.3 11.3H1.7zM8 6.4v3.4M8 11.4v.6',
  capabilities: 'M2.5 4.5h5M11.5 4.5h2M2.5 11.5h2M8.5 11.5h5M7.5 2.7v3.6h2.4V2.7zM4.5 9.7v3.6h2.4V9.7z',
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
  key: 'M6.2 9.8a3 3 0 1 1 1.2-1.2l6 6M11 12.2l1.6-1.6',
} as const;

export type IconName = keyof typeof SHAPES;

const JOB_ICONS: Readonly<Record<string, IconName>> = {
  generate_video_proxies: 'video',
  generate_thumbnails: 'picture',
  generate_audio_waveform: 'wave',
  transcribe_audio: 'words',
};

export function jobIcon(jobType: string): IconName {
  return JOB_ICONS[jobType] ?? 'unknown';
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
