import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import {
  isManaged,
  SETTING_NAMES,
  SettingsSchema,
  type SettingName,
  type SettingOrigin,
  type Settings,
  type SettingsView,
} from '../../shared/settings.ts';
import type { Refusal } from '../../shared/failure.ts';
import { StartError } from './journal/database.ts';

export interface SettingsStore {
  view(): SettingsView;
  /** Saves a person's change. Nothing wrong and nothing managed is saved: the refusal names the field. */
  change(change: Partial<Settings>): Refusal | null;
}

/**
 * Settings of one machine. Precedence: `overrides` (arguments, later policy and environment) → the user's file →
 * defaults. `file` null keeps them in memory. Throws StartError when the file cannot be used.
 */
export function createSettingsStore(
  file: string | null,
  overrides: { readonly values: Partial<Settings>; readonly origin: SettingOrigin } = {
    values: {},
    origin: 'argument',
  },
): SettingsStore {
  let user = file === null ? {} : readUserFile(file);
  const view = (): SettingsView => {
    // Forty machines of one name help nobody: until somebody names the agent, it is called like its machine.
    const values = SettingsSchema.parse({ agentName: hostname(), ...user, ...overrides.values });
    const originOf = (name: SettingName): SettingOrigin =>
      overrides.values[name] !== undefined ? overrides.origin : name in user ? 'user' : 'default';
    const origins = Object.fromEntries(SETTING_NAMES.map((name) => [name, originOf(name)]));
    return { values, origins: origins as Record<SettingName, SettingOrigin> };
  };
  return {
    view,
    change(change) {
      const { origins } = view();
      const locked = SETTING_NAMES.find((name) => name in change && isManaged(origins[name]));
      if (locked !== undefined) {
        return {
          code: 'SETTING_MANAGED',
          message: `“${locked}” is set by ${origins[locked]} and cannot be changed here.`,
          nextStep: 'Ask whoever manages this machine.',
          field: locked,
        };
      }
      const parsed = SettingsSchema.partial().safeParse({ ...user, ...change });
      if (!parsed.success) {
        const issue = parsed.error.issues[0];
        return {
          code: 'SETTING_INVALID',
          message: issue?.message ?? 'wrong value',
          field: issue?.path.join('.') ?? '',
        };
      }
      const next = { ...user, ...change };
      const refusal = file === null ? null : writeUserFile(file, next);
      if (refusal === null) user = next;
      return refusal;
    },
  };
}

function readUserFile(file: string): Partial<Settings> {
  if (!existsSync(file)) return {};
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    // Partial: what the file leaves out stays a default, and is not written back as a choice.
    SettingsSchema.parse(content);
    return content as Partial<Settings>;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new StartError({
      code: 'SETTINGS_INVALID',
      message: `The settings file ${file} cannot be used: ${reason}.`,
      nextStep: 'Correct it, or move it away to start with the defaults.',
    });
  }
}

/** Why the file could not be written, or null: then it is on the disk, whole. */
function writeUserFile(file: string, user: Partial<Settings>): Refusal | null {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const temporary = `${file}.new`;
    writeFileSync(temporary, `${JSON.stringify(user, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(temporary, file);
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return {
      code: 'SETTINGS_NOT_SAVED',
      message: `The settings file ${file} cannot be written (${code}).`,
      nextStep: 'Make room on its disk, or let this user write there; nothing was changed.',
    };
  }
}
