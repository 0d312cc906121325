import type { SettingName, Settings } from '../../shared/settings.ts';
import type { enSetup } from '../locales/en-setup.ts';

/** How each setting is edited. What the schema says about a value stays in shared/settings.ts. */

export type Control =
  | { readonly kind: 'text' }
  /** An absolute path; empty means the default. */
  | { readonly kind: 'path'; readonly pick: 'file' | 'folder' }
  | { readonly kind: 'number'; readonly unit: Unit; readonly step: number; readonly optional?: true }
  /** 0..1, shown and typed as percent. */
  | { readonly kind: 'percent' }
  | { readonly kind: 'switch' }
  | { readonly kind: 'choice'; readonly options: readonly string[] }
  /** One entry per line. */
  | { readonly kind: 'lines' }
  | { readonly kind: 'hours' }
  | { readonly kind: 'roots' };

export type Unit = 'none' | 'minutes' | 'days' | 'gigabytes' | 'megabytes' | 'percent';

/** Settings that have a label. The server's address and the capabilities have places of their own. */
export type FieldName = SettingName & keyof (typeof enSetup)['settings']['label'];

export interface FieldSpec {
  readonly name: FieldName;
  readonly control: Control;
  /** Shown only where another choice makes it matter. */
  readonly when?: (values: Settings) => boolean;
}

export const SECTIONS = [
  'server',
  'media',
  'hours',
  'machine',
  'tools',
  'storage',
  'network',
  'desktop',
  'page',
] as const;
export type SectionName = (typeof SECTIONS)[number];

const minutes = { kind: 'number', unit: 'minutes', step: 1 } as const;

export const FIELDS: Readonly<Record<SectionName, readonly FieldSpec[]>> = {
  server: [
    { name: 'agentName', control: { kind: 'text' } },
    { name: 'allowInsecureHttp', control: { kind: 'switch' } },
  ],
  media: [{ name: 'mediaRoots', control: { kind: 'roots' } }],
  hours: [
    { name: 'workWhen', control: { kind: 'choice', options: ['always', 'idle', 'hours'] } },
    { name: 'idleMinutes', control: minutes, when: ({ workWhen }) => workWhen === 'idle' },
    { name: 'workHours', control: { kind: 'hours' }, when: ({ workWhen }) => workWhen === 'hours' },
    { name: 'watchedPrograms', control: { kind: 'lines' } },
    { name: 'pauseOnBattery', control: { kind: 'switch' } },
    { name: 'yieldToLoad', control: { kind: 'switch' } },
    { name: 'loadThreshold', control: { kind: 'percent' }, when: ({ yieldToLoad }) => yieldToLoad },
    { name: 'suspendLimitMinutes', control: minutes },
    { name: 'minFreeMemoryMb', control: { kind: 'number', unit: 'megabytes', step: 64 } },
  ],
  machine: [
    { name: 'maxParallelJobs', control: { kind: 'number', unit: 'none', step: 1 } },
    { name: 'cpuCores', control: { kind: 'number', unit: 'none', step: 1, optional: true } },
    { name: 'encoder', control: { kind: 'choice', options: ['software', 'auto'] } },
    { name: 'sandbox', control: { kind: 'choice', options: ['auto', 'required', 'off'] } },
  ],
  tools: [
    { name: 'ffmpegPath', control: { kind: 'path', pick: 'file' } },
    { name: 'ffprobePath', control: { kind: 'path', pick: 'file' } },
    { name: 'speechModelPath', control: { kind: 'path', pick: 'file' } },
    { name: 'speechModelFolder', control: { kind: 'path', pick: 'folder' } },
    { name: 'speechModelMirror', control: { kind: 'text' } },
    { name: 'whisperCliPath', control: { kind: 'path', pick: 'file' } },
  ],
  storage: [
    { name: 'workLimitGb', control: { kind: 'number', unit: 'gigabytes', step: 1 } },
    { name: 'retentionDays', control: { kind: 'number', unit: 'days', step: 1 } },
  ],
  network: [
    { name: 'proxyMode', control: { kind: 'choice', options: ['system', 'none', 'manual'] } },
    { name: 'proxyUrl', control: { kind: 'text' }, when: ({ proxyMode }) => proxyMode === 'manual' },
    {
      name: 'proxyCredentialsFile',
      control: { kind: 'path', pick: 'file' },
      when: ({ proxyMode }) => proxyMode !== 'none',
    },
    { name: 'noProxy', control: { kind: 'lines' }, when: ({ proxyMode }) => proxyMode === 'manual' },
    { name: 'caFile', control: { kind: 'path', pick: 'file' } },
    { name: 'storeOrigins', control: { kind: 'lines' } },
  ],
  desktop: [
    { name: 'startAtLogin', control: { kind: 'switch' } },
    { name: 'closeToTray', control: { kind: 'switch' } },
    { name: 'notifications', control: { kind: 'choice', options: ['all', 'problems', 'none'] } },
    { name: 'updates', control: { kind: 'choice', options: ['automatic', 'notify', 'off'] } },
    { name: 'updateChannel', control: { kind: 'choice', options: ['latest', 'beta'] } },
    { name: 'updateUrl', control: { kind: 'text' } },
  ],
  page: [{ name: 'language', control: { kind: 'choice', options: ['system', 'en', 'fr'] } }],
};

export const ALL_FIELDS: readonly FieldSpec[] = SECTIONS.flatMap((section) => FIELDS[section]);
