import type { Refusal } from '../../../shared/failure.ts';
import { settingConflict } from '../../../shared/setting-conflicts.ts';
import { SETTING_NAMES, SettingsSchema, type SettingName, type Settings } from '../../../shared/settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `maxParallelJobs` → `RUSHCATALOG_MAX_PARALLEL_JOBS`. */
export function environmentName(name: SettingName): string {
  return `RUSHCATALOG_${name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`;
}

/** Lists and objects are written as JSON, everything else as it is. */
export function readEnvironment(env: Env): Partial<Settings> | { readonly refusal: Refusal } {
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const name of SETTING_NAMES) {
    const variable = environmentName(name);
    const text = env[variable];
    if (text === undefined || text === '') continue;
    const found = readValue(name, text);
    if (found === null) {
      return {
        refusal: broken(`${variable} has a value that “${name}” does not take: ${expected(name, text)}.`, name),
      };
    }
    values[name] = found.value;
  }
  // Each value was read by the schema of its name.
  const settings = values as Partial<Settings>;
  const conflict = settingConflict(settings);
  if (conflict === null) return settings;
  return { refusal: broken(`The environment contradicts itself: ${conflict.message}.`, conflict.field) };
}

function readValue(name: SettingName, text: string): { readonly value: unknown } | null {
  for (const candidate of [text, parsed(text)]) {
    const result = SettingsSchema.shape[name].safeParse(candidate);
    if (candidate !== undefined && result.success) return { value: result.data };
  }
  return null;
}

function expected(name: SettingName, text: string): string {
  const value = parsed(text) ?? text;
  return SettingsSchema.shape[name].safeParse(value).error?.issues[0]?.message ?? 'wrong value';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function broken(message: string, field: string): Refusal {
  return {
    code: 'ENVIRONMENT_INVALID',
    message,
    nextStep: 'Correct the variable and restart the agent; until then it takes no work.',
    field,
  };
}
