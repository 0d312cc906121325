import { join, resolve } from 'node:path';
import { SETTING_NAMES, type SettingName, type Settings, type SettingsView } from '../../shared/settings.ts';
import { environmentName } from '../compose/policy/environment.ts';
import { openSettings, readManaged } from '../compose/policy/managed-settings.ts';
import { policyFile, readPolicy } from '../compose/policy/read-policy.ts';
import { formatRefusal } from '../compose/format-refusal.ts';
import { CommandError, EXIT } from './exit.ts';
import { dataFolder } from './folders.ts';
import { printOut, printJson } from './print.ts';

/** `rushcatalog-agent config show`: every setting in force and where it comes from. 1 when something cannot be used. */
export function configShowCommand(options: { readonly work?: string; readonly json: boolean }): number {
  const workFolder = resolve(options.work ?? join(dataFolder(), 'agent'));
  const file = join(workFolder, 'settings.json');
  const managed = readManaged({});
  const shown: Shown = { ...openSettings(file, managed).view(), file, presets: managed.presets };
  if (options.json) printJson(asJson(shown));
  else printOut(table(shown));
  return shown.problem === undefined ? EXIT.ok : EXIT.failed;
}

interface Shown extends SettingsView {
  /** The user's. */
  readonly file: string;
  /** The policy's `defaults`, which a person may change. */
  readonly presets: Partial<Settings>;
}

const isPreset = ({ origins, presets }: Shown, name: SettingName): boolean =>
  origins[name] === 'default' && presets[name] !== undefined;

function asJson(shown: Shown): object {
  const { values, origins, problem, file } = shown;
  const settings = Object.fromEntries(
    SETTING_NAMES.map((name) => [
      name,
      {
        value: values[name] ?? null,
        origin: origins[name],
        ...(isPreset(shown, name) ? { preset: true } : {}),
      },
    ]),
  );
  return { policyFile: policyFile(), settingsFile: file, problem: problem ?? null, settings };
}

function table(shown: Shown): string[] {
  const { values, origins, problem, file } = shown;
  const width = Math.max(...SETTING_NAMES.map((name) => name.length));
  const where = (name: SettingName): string => {
    if (origins[name] === 'environment') return `environment (${environmentName(name)})`;
    return isPreset(shown, name) ? 'default (of the policy)' : origins[name];
  };
  const text = (value: unknown): string => (value === undefined ? '–' : JSON.stringify(value));
  const lines = SETTING_NAMES.map((name) => `${name.padEnd(width)}  ${where(name).padEnd(12)}  ${text(values[name])}`);
  const head = [`policy    ${policyFile()}`, `settings  ${file}`, ''];
  const tail = problem === undefined ? [] : ['', formatRefusal(problem)];
  return [...head, ...lines, ...tail];
}

/** `rushcatalog-agent config check [file]`: whether a policy can be used, before it is rolled out. */
export function configCheckCommand(file: string | undefined): number {
  const path = file === undefined ? policyFile() : resolve(file);
  const policy = readPolicy(path);
  if (policy === null) {
    const nextStep = 'Name a file, or put one there; without a policy nothing is locked.';
    throw new CommandError({ code: 'POLICY_MISSING', message: `There is no policy at ${path}.`, nextStep });
  }
  if ('refusal' in policy) throw new CommandError(policy.refusal, EXIT.failed);
  const locked = Object.keys(policy.settings);
  const preset = Object.keys(policy.defaults);
  const named = (names: readonly string[]): string => (names.length === 0 ? 'nothing' : names.join(', '));
  printOut(`${path} can be used. It locks ${named(locked)} and presets ${named(preset)}.`);
  return EXIT.ok;
}
