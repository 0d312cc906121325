import { SettingsSchema, type SettingName, type SettingOrigin, type Settings } from '../../../shared/settings.ts';
import type { Refusal } from '../../../shared/failure.ts';
import { recordOf } from '../../../shared/objects.ts';

/** Values from one place. */
export interface SettingsLayer {
  readonly origin: SettingOrigin;
  readonly values: Partial<Settings>;
}

/** What stands above the user's own settings, and below. */
export interface ManagedSettings {
  /** Highest first: policy, arguments, environment. */
  readonly layers: readonly SettingsLayer[];
  /** What IT presets and a person may change. */
  readonly presets: Partial<Settings>;
  /** Why the policy or the environment cannot be used as it stands. */
  readonly problem?: Refusal;
}

export const NOTHING_MANAGED: ManagedSettings = { layers: [], presets: {} };

/** The values in force and where each comes from. `user` was checked before. */
export function combine(
  { layers, presets }: ManagedSettings,
  user: Partial<Settings>,
  names: readonly SettingName[],
  builtIn: Partial<Settings>,
): { readonly values: Settings; readonly origins: Record<SettingName, SettingOrigin> } {
  const stacked: readonly SettingsLayer[] = [...layers, { origin: 'user', values: user }];
  const origin = (name: SettingName): SettingOrigin =>
    stacked.find(({ values }) => values[name] !== undefined)?.origin ?? 'default';
  const merged = stacked
    .toReversed()
    .reduce<Partial<Settings>>((sum, { values }) => ({ ...sum, ...values }), { ...builtIn, ...presets });
  return {
    values: SettingsSchema.parse(merged),
    origins: recordOf(names, origin),
  };
}
