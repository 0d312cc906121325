import { z } from 'zod';
import type { Refusal } from './failure.ts';
import { CAPABILITIES } from './job.ts';
import { isOpenHttp, ServerAddress } from './server-address.ts';
import { keysOf, recordOf } from './objects.ts';

const Name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/, 'letters, digits, space, dot, dash and underscore, at most 64');
/** A path of either kind of system; whether it leads anywhere is another question. */
export const AbsolutePath = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path) || path.startsWith('\\\\'), 'an absolute path')
  .refine((path) => !path.includes('\0'), 'a path without NUL');

/** Where a server may keep files: `https://store.studio.example`, kept as an origin. */
const StoreOrigin = z
  .url({ protocol: /^https?$/ })
  .max(4096)
  .refine((text) => !isOpenHttp(text), 'https, or this machine')
  .refine((text) => /^https?:\/\/[^/?#@]+\/?$/.test(text), 'an address of scheme, host and port alone')
  .overwrite((text) => text.toLowerCase().replace(/\/$/, ''));

/** Files that become a program's data travel encrypted, or do not leave this machine. */
const SpeechModelMirror = z
  .url({ protocol: /^https?$/ })
  .max(4096)
  .refine((text) => !isOpenHttp(text), 'https, or this machine');

const ProxyUrl = z
  .url({ protocol: /^https?$/ })
  .max(4096)
  .refine((text) => !text.includes('@'), 'an address without a name and password');

export const MediaRootSetting = z.object({
  /** First part of a `source_path` that points here. */
  name: Name,
  /** Local folder. */
  path: AbsolutePath,
  /** Server-side prefix that is mapped to this folder; the longest prefix wins. */
  serverPrefix: z.string().min(1).max(4096).optional(),
});
export type MediaRootSetting = z.infer<typeof MediaRootSetting>;

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day like 19:30');

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/**
 * A window in which the agent may work, by this machine's clock. An `end` that is not later than `start` lies on the
 * next day; both equal means the whole day. `days` are those on which the window begins.
 */
export const WorkWindow = z.object({
  days: z.array(z.enum(WEEKDAYS)).min(1).max(7),
  start: TimeOfDay,
  end: TimeOfDay,
});
export type WorkWindow = z.infer<typeof WorkWindow>;

/** Nights and the whole weekend: what "when nobody edits" means in most rooms. */
const NIGHTS_AND_WEEKENDS: WorkWindow[] = [
  { days: ['mon', 'tue', 'wed', 'thu', 'fri'], start: '19:00', end: '07:00' },
  { days: ['sat', 'sun'], start: '07:00', end: '07:00' },
];

/**
 * Programs that mean "I am editing", by the name of the program file, without `.exe` and in any case. A version behind
 * the name ("Adobe Premiere Pro 2025") is the same program. Several names, because the systems spell them differently.
 */
export const WATCHED_PROGRAMS: readonly string[] = [
  'Adobe Premiere Pro',
  'After Effects',
  'AfterFX',
  'Resolve',
  'DaVinci Resolve',
  'AvidMediaComposer',
  'Avid Media Composer',
  'Final Cut Pro',
];

const capabilitySwitches = recordOf(CAPABILITIES, () => z.boolean().default(true));

/** `auto`: the graphics card, for proxies and the speech engine, where it proved itself on this machine. */
export const EncoderChoice = z.enum(['software', 'auto']);
export type EncoderChoice = z.infer<typeof EncoderChoice>;

/** Defaults that each machine has of its own, as IT reads of them; those of the schema stand in where none is known. */
export const DEFAULTS_OF_THE_MACHINE: Partial<Readonly<Record<string, string>>> = {
  agentName: 'the machine’s name',
  maxParallelJobs: 'as many as its cores and memory allow, at least 2',
};

/** Everything a person or IT may set. Tokens are not settings: they live in the keystore or a 0600 file. */
export const SettingsSchema = z.object({
  /** Empty: the embedded server. */
  serverUrl: z.union([z.literal(''), ServerAddress]).default(''),
  /** A bearer token may travel over plain http beyond loopback. */
  allowInsecureHttp: z.boolean().default(false),
  agentName: z.string().min(1).max(200).default('RushCatalog Agent'),
  capabilities: z.object(capabilitySwitches).prefault({}),
  mediaRoots: z
    .array(MediaRootSetting)
    .max(64)
    .refine((roots) => new Set(roots.map((root) => root.name)).size === roots.length, 'names of media roots are unique')
    .default([]),
  maxParallelJobs: z.int().min(1).max(16).default(2),
  encoder: EncoderChoice.default('software'),
  /** Tools that read media run in a sandbox: `auto` where one was proved, `required`: not at all without one. */
  sandbox: z.enum(['auto', 'off', 'required']).default('auto'),
  ffmpegPath: AbsolutePath.optional(),
  ffprobePath: AbsolutePath.optional(),
  /** whisper.cpp model file (ggml). Without one `speech.transcription@1` is not declared. */
  speechModelPath: AbsolutePath.optional(),
  /** Folder of speech models that IT keeps; looked through where no file is chosen. */
  speechModelFolder: AbsolutePath.optional(),
  /** Address of a folder that holds the same model files as the publisher's; https, or http on this machine. */
  speechModelMirror: SpeechModelMirror.optional(),
  /** An external `whisper-cli` of whisper.cpp to use instead of the engine that came along. */
  whisperCliPath: AbsolutePath.optional(),
  /** Results and finished rows are kept this long after they were delivered or lost. */
  retentionDays: z.number().min(0).max(3650).default(14),
  /** The work folder may take this much of its disk. */
  workLimitGb: z.number().min(0.1).max(100_000).default(50),
  /** `always`: also beside the editor, at the lowest priority. `idle`: when nobody touched the machine for `idleMinutes`. */
  workWhen: z.enum(['always', 'idle', 'hours']).default('always'),
  idleMinutes: z.number().min(0.5).max(1_440).default(5),
  /** For `hours`: the agent works within any of these. */
  workHours: z.array(WorkWindow).min(1).max(14).default(NIGHTS_AND_WEEKENDS),
  /** While one of these runs, the machine is the editor's. Empty: none. */
  watchedPrograms: z
    .array(z.string().trim().min(1).max(200))
    .max(200)
    .default([...WATCHED_PROGRAMS]),
  /** Stand still while other programs use more than `loadThreshold` of all cores. Off: priority alone gives way. */
  yieldToLoad: z.boolean().default(false),
  /** Share of all cores used by others, 0..1. */
  loadThreshold: z.number().min(0.05).max(1).default(0.5),
  pauseOnBattery: z.boolean().default(true),
  /** Less memory than this left for programs counts as short. 0: never. */
  minFreeMemoryMb: z.int().min(0).max(1_048_576).default(512),
  /** Jobs suspended for longer are given back. 0: at once. */
  suspendLimitMinutes: z.number().min(0).max(1_440).default(10),
  /** Cores that children may use; absent: all. The encoders keep their number of threads, so that results stay the same. */
  cpuCores: z.int().min(1).max(1_024).optional(),
  language: z.enum(['system', 'en', 'fr']).default('system'),
  /** How the agent's own traffic leaves this machine; `system`: as the system or its proxy variables say. */
  proxyMode: z.enum(['system', 'none', 'manual']).default('system'),
  /** For `manual`; without a name and password: those are in `proxyCredentialsFile`. */
  proxyUrl: ProxyUrl.optional(),
  /** Hosts that are reached without the proxy: `host`, `.domain`, `host:port`. This machine always is. */
  noProxy: z.array(z.string().min(1).max(255)).max(200).default([]),
  /** A file with `name:password` for the proxy, readable by the agent's account only. */
  proxyCredentialsFile: AbsolutePath.optional(),
  /** PEM file with authorities that are trusted besides the system's. */
  caFile: AbsolutePath.optional(),
  /** Stores in which the server may keep files: parts of uploads are put there, without a token. */
  storeOrigins: z.array(StoreOrigin).max(20).default([]),
  /** Desktop app only, from here on. */
  startAtLogin: z.boolean().default(false),
  /** Closing the window leaves the agent working in the tray. */
  closeToTray: z.boolean().default(true),
  notifications: z.enum(['all', 'problems', 'none']).default('problems'),
  /** `notify`: a person starts the update. `off`: nothing is even asked for. */
  updates: z.enum(['automatic', 'notify', 'off']).default('automatic'),
  updateChannel: z.enum(['latest', 'beta']).default('latest'),
  /** A folder on a web server that holds the studio's own copies of the packages. */
  updateUrl: z
    .url({ protocol: /^https$/ })
    .max(4096)
    .optional(),
});
export type Settings = z.infer<typeof SettingsSchema>;
export type SettingName = keyof Settings;

export const SETTING_NAMES = keysOf(SettingsSchema.shape);

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SettingsSchema.shape, name);
}

/**
 * Which programs this account starts, and how closely they are shut in: more than a page in a browser may say. The
 * command line, the desktop app, the settings file, the environment and the policy may.
 */
export const PROGRAM_SETTINGS: readonly SettingName[] = ['ffmpegPath', 'ffprobePath', 'whisperCliPath', 'sandbox'];

/** Where the agent's traffic goes, tokens and media with it, and whom it believes on the way: the same holds. */
export const TRUST_SETTINGS: readonly SettingName[] = [
  'allowInsecureHttp',
  'proxyMode',
  'proxyUrl',
  'noProxy',
  'proxyCredentialsFile',
  'caFile',
  'storeOrigins',
  'speechModelMirror',
  'updateUrl',
];

/** Where a value comes from; a managed one cannot be changed on the page. */
export type SettingOrigin = 'default' | 'user' | 'argument' | 'environment' | 'policy';

export interface SettingsView {
  readonly values: Settings;
  readonly origins: Readonly<Record<SettingName, SettingOrigin>>;
  /** The policy or the environment cannot be used as it stands; the agent claims nothing until it is mended. */
  readonly problem?: Refusal;
}

export function isManaged(origin: SettingOrigin): boolean {
  return origin === 'policy' || origin === 'environment' || origin === 'argument';
}

export function defaultSettings(): Settings {
  return SettingsSchema.parse({});
}
