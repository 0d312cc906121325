import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import {
  isManaged,
  SETTING_NAMES,
  SettingsSchema,
  type SettingName,
  type Settings,
  type SettingsView,
} from '../../../shared/settings.ts';
import type { Refusal } from '../../../shared/failure.ts';
import { StartError } from '../journal/database.ts';
import { replaceFile } from '../../work/storage/durable-file.ts';
import { usualParallelJobs } from './usual-parallel-jobs.ts';
import { combine, NOTHING_MANAGED, type ManagedSettings, type SettingsLayer } from './settings-layers.ts';

export interface SettingsStore {
  view(): SettingsView;
  /**
   * Saves a person's change; what is in `forget` goes back to its default. Nothing wrong and nothing managed is saved:
   * the refusal names the field.
   */
  change(change: Partial<Settings>, forget?: readonly SettingName[]): Refusal | null;
}

/**
 * Settings of one machine. Precedence: policy → arguments → environment → the user's file → IT's presets → defaults.
 * `file` null keeps them in memory. Throws StartError when the file cannot be used.
 */
export function createSettingsStore(
  file: string | null,
  above: SettingsLayer | ManagedSettings = NOTHING_MANAGED,
): SettingsStore {
  const managed = 'layers' in above ? above : { layers: [above], presets: {} };
  let user = file === null ? {} : readUserFile(file);
  const inForce = (): SettingsView => ({
    // Forty machines of one name help nobody: until somebody names the agent, it is called like its machine.
    ...combine(managed, user, SETTING_NAMES, { agentName: hostname(), maxParallelJobs: usualParallelJobs() }),
    ...(managed.problem === undefined ? {} : { problem: managed.problem }),
  });
  // Asked many times for each job, changed by a person alone.
  let current = inForce();
  return {
    view: () => current,
    change(change, forget = []) {
      const { origins } = current;
      const locked = SETTING_NAMES.find(
        (name) => (name in change || forget.includes(name)) && isManaged(origins[name]),
      );
      if (locked !== undefined) {
        return {
          code: 'SETTING_MANAGED',
          message: `“${locked}” is set by ${origins[locked]} and cannot be changed here.`,
          nextStep: 'Ask whoever manages this machine.',
          field: locked,
        };
      }
      const next: Partial<Settings> = { ...user, ...change };
      for (const name of forget) delete next[name];
      const parsed = SettingsSchema.partial().safeParse(next);
      if (!parsed.success) {
        const issue = parsed.error.issues[0];
        return {
          code: 'SETTING_INVALID',
          message: issue?.message ?? 'wrong value',
          field: issue?.path.join('.') ?? '',
        };
      }
      const refusal = file === null ? null : writeUserFile(file, next);
      if (refusal !== null) return refusal;
      user = next;
      current = inForce();
      return null;
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
    replaceFile(file, `${JSON.stringify(user, null, 2)}\n`);
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
