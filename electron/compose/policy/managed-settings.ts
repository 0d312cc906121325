import type { Refusal } from '../../../shared/failure.ts';
import { CAPABILITIES } from '../../../shared/job.ts';
import type { SettingOrigin, Settings } from '../../../shared/settings.ts';
import { defined, recordOf } from '../../../shared/objects.ts';
import type { ManagedSettings, SettingsLayer } from '../../agent/settings/settings-layers.ts';
import { createSettingsStore, type SettingsStore } from '../../agent/settings/settings-store.ts';
import { readEnvironment } from './environment.ts';
import { isFixedPlace, policyFile, readPolicy, type ReadPolicy } from './read-policy.ts';
import { readSystemPolicy } from './system-policy.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Everything that stands above a person's settings on this machine. */
export interface Managed extends ManagedSettings {
  /** One-time token to enrol with, where there is no token yet. */
  readonly enrolmentTokenFile?: string;
}

/**
 * Precedence: policy → arguments → environment → user → IT's presets → defaults. A policy that cannot be used is not the
 * same as none: what it wanted to forbid is not known, so the agent runs, is shown and can be asked, but offers nothing.
 */
export function readManaged(
  given: Partial<Settings>,
  env: Env = process.env,
  systemPolicy: typeof readSystemPolicy = readSystemPolicy,
): Managed {
  const file = policyFile(env);
  // A place that a variable names comes after Group Policy and managed preferences: a person can set variables.
  const policy = (isFixedPlace(file) ? readPolicy(file) : null) ?? systemPolicy() ?? readPolicy(file);
  const environment = readEnvironment(env);
  const problem = refusalIn(policy) ?? refusalIn(environment);
  const held: SettingsLayer[] = problem === undefined ? [] : [{ origin: 'policy', values: HELD }];
  const known: ReadPolicy = policy === null || 'refusal' in policy ? { settings: {}, defaults: {} } : policy;
  const layer = (origin: SettingOrigin, values: Partial<Settings>): SettingsLayer => ({ origin, values });
  return {
    layers: [
      ...held,
      layer('policy', known.settings),
      layer('argument', given),
      layer('environment', 'refusal' in environment ? {} : environment),
    ],
    presets: known.defaults,
    ...defined({ problem, enrolmentTokenFile: known.enrolmentTokenFile }),
  };
}

/** No capability is offered, so nothing is claimed; everything else works. */
const HELD: Partial<Settings> = {
  capabilities: recordOf(CAPABILITIES, () => false),
  updates: 'off',
};

function refusalIn(part: ReadPolicy | Partial<Settings> | { readonly refusal: Refusal } | null): Refusal | undefined {
  return part !== null && 'refusal' in part ? part.refusal : undefined;
}

/** The settings of one machine with everything that is managed. `file` null: of this run only. */
export function openSettings(file: string | null, managed: Managed): SettingsStore {
  return createSettingsStore(file, managed);
}
