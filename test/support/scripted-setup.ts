import { SettingsSchema, type SettingName, type Settings } from '../../shared/settings.ts';
import {
  RESTART_SETTINGS,
  type FolderListing,
  type PlannedFile,
  type Shortcut,
  type WorkPlan,
} from '../../shared/setup-commands.ts';
import type { AgentEvent } from '../../shared/event.ts';
import type { Adding, Snapshot } from '../../shared/snapshot.ts';

/** A small disk, the same on every machine: folder → names; a name that ends in `/` is a folder. */
const DISK: Readonly<Record<string, readonly string[]>> = {
  '/media/rushes': ['2026-03-02/', '2026-03-03/', 'téléphone/'],
  '/media/rushes/2026-03-02': ['A-cam/', 'B-cam/', 'README.txt'],
  '/media/rushes/2026-03-02/A-cam': ['A003C014_260302_R1XK.mov', 'A003C015_260302_R1XK.mov'],
  '/home/editor': ['Desktop/', 'Movies/'],
  '/home/editor/Movies': ['interview.wav', 'poster.jpg', 'scene 12.mov', 'notes.pdf'],
};

const SHORTCUTS: readonly Shortcut[] = [
  { kind: 'root', name: 'RUSHES', path: '/media/rushes' },
  { kind: 'home', name: 'editor', path: '/home/editor' },
  { kind: 'volume', name: '/media', path: '/media' },
];

/** Answers of the setup commands, with the effect that the real agent would have. */
export function performSetup(
  agent: { snapshot(): Snapshot; emit(event: AgentEvent): void },
  name: string,
  input: { readonly [key: string]: unknown },
): unknown {
  switch (name) {
    case 'changeSettings':
      return changeSettings(agent, input['change'] as Record<string, unknown>);
    case 'testConnection':
      return { answer: 'accepted', roundTripMs: 12 };
    case 'pair':
      return { restart: true };
    case 'browse':
      return { listing: listing(input['path'] as string | undefined, input['files'] === true), shortcuts: SHORTCUTS };
    case 'planWork':
      return planOf(input['paths'] as string[]);
    case 'addWork':
      agent.emit({ type: 'addingChanged', adding: addingOf('adding', 1) });
      setTimeout(() => agent.emit({ type: 'addingChanged', adding: addingOf('ended', 4) }), 20);
      return {};
    case 'cancelAdding':
      agent.emit({ type: 'addingChanged', adding: addingOf('cancelled', 1) });
      return {};
    case 'dismissAdding':
      agent.emit({ type: 'addingChanged', adding: null });
      return {};
    case 'addedFiles':
      return {
        files: [
          {
            path: '/home/editor/Movies/poster.jpg',
            gone: false,
            left: [{ jobType: 'generate_video_proxies', why: 'photo' }],
          },
        ],
      };
    case 'makeSamples':
      return { paths: ['/home/editor/Movies'] };
    default:
      return undefined;
  }
}

function changeSettings(
  agent: { snapshot(): Snapshot; emit(event: AgentEvent): void },
  change: Record<string, unknown>,
): unknown {
  const { values, origins } = agent.snapshot().settings;
  const names = Object.keys(change) as SettingName[];
  const kept = Object.fromEntries(
    Object.entries({ ...values, ...change }).filter(([, value]) => value !== null && value !== undefined),
  );
  const settings = {
    values: SettingsSchema.parse(kept) as Settings,
    origins: { ...origins, ...Object.fromEntries(names.map((each) => [each, 'user'])) } as typeof origins,
  };
  setTimeout(() => agent.emit({ type: 'settingsChanged', settings }), 20);
  return { restart: names.filter((each) => RESTART_SETTINGS.includes(each)) };
}

function listing(path: string | undefined, withFiles: boolean): FolderListing | null {
  if (path === undefined) return null;
  const names = DISK[path] ?? [];
  const entry = (name: string) => ({ name: name.replace('/', ''), path: `${path}/${name.replace('/', '')}` });
  return {
    path,
    parent: path.slice(0, path.lastIndexOf('/')) || '/',
    folders: names.filter((name) => name.endsWith('/')).map(entry),
    files: withFiles ? names.filter((name) => !name.endsWith('/')).map(entry) : [],
    truncated: false,
  };
}

function addingOf(phase: Adding['phase'], done: number): Adding {
  const startedAt = new Date().toISOString();
  return { phase, startedAt, found: 4, done, jobs: done, partly: Math.min(1, done), gone: 0 };
}

function planOf(paths: readonly string[]): WorkPlan {
  const base = paths[0] ?? '/home/editor/Movies';
  const file = (name: string, kind: PlannedFile['kind'], sizeBytes: number): PlannedFile => ({
    path: `${base}/${name}`,
    base,
    kind,
    sizeBytes,
  });
  return {
    files: [
      file('scene 12.mov', 'video', 4_812_000_000),
      file('scene 13 – café.mov', 'video', 3_100_000_000),
      file('interview.wav', 'sound', 312_000_000),
      file('poster.jpg', 'photo', 8_400_000),
    ],
    skipped: [{ path: `${base}/notes.pdf`, why: 'not-media' }],
    skippedCount: 1,
    truncated: false,
  };
}
