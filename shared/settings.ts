import { z } from 'zod';
import { CAPABILITIES, type CapabilityName } from './job.ts';

const Name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/, 'letters, digits, space, dot, dash and underscore, at most 64');
const AbsolutePath = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path) || path.startsWith('\\\\'), 'an absolute path')
  .refine((path) => !path.includes('\0'), 'a path without NUL');

export const MediaRootSetting = z.object({
  /** First part of a `source_path` that points here. */
  name: Name,
  /** Local folder. */
  path: AbsolutePath,
  /** Server-side prefix that is mapped to this folder; the longest prefix wins. */
  serverPrefix: z.string().min(1).max(4096).optional(),
});
export type MediaRootSetting = z.infer<typeof MediaRootSetting>;

const capabilitySwitches = Object.fromEntries(CAPABILITIES.map((name) => [name, z.boolean().default(true)])) as Record<
  CapabilityName,
  z.ZodDefault<z.ZodBoolean>
>;

/** Everything a person or IT may set. Tokens are not settings: they live in the keystore or a 0600 file. */
export const SettingsSchema = z.object({
  /** Without `/api/v1`. Empty: the embedded server. */
  serverUrl: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
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
  encoder: z.enum(['software', 'auto']).default('software'),
  ffmpegPath: AbsolutePath.optional(),
  ffprobePath: AbsolutePath.optional(),
  /** whisper.cpp model file (ggml). Without one `speech.transcription@1` is not declared. */
  speechModelPath: AbsolutePath.optional(),
  /** Results and finished rows are kept this long after they were delivered or lost. */
  retentionDays: z.number().min(0).max(3650).default(14),
  /** The work folder may take this much of its disk. */
  workLimitGb: z.number().min(0.1).max(100_000).default(50),
  language: z.enum(['system', 'en', 'fr']).default('system'),
});
export type Settings = z.infer<typeof SettingsSchema>;
export type SettingName = keyof Settings;

export const SETTING_NAMES = Object.keys(SettingsSchema.shape) as SettingName[];

/** Where a value comes from; a managed one cannot be changed on the page. */
export type SettingOrigin = 'default' | 'user' | 'argument' | 'environment' | 'policy';

export interface SettingsView {
  readonly values: Settings;
  readonly origins: Readonly<Record<SettingName, SettingOrigin>>;
}

export function isManaged(origin: SettingOrigin): boolean {
  return origin === 'policy' || origin === 'environment' || origin === 'argument';
}

export function defaultSettings(): Settings {
  return SettingsSchema.parse({});
}
