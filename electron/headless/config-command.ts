import { join, resolve } from 'node:path';
import { SETTING_NAMES, type SettingName, type SettingsView } from '../../shared/settings.ts';
import { environmentName } from '../compose/policy/environment.ts';
import { openSettings, readManaged } from '../compose/policy/managed-settings.ts';
import { policyFile, readPolicy } from '../compose/policy/read-policy.ts';
import { sentence } from '../compose/sentence.ts';
import { CommandError, EXIT } from './exit.ts';
import { dataFolder } from './folders.ts';

/** `rushcatalog-agent config show`: every setting in force and where it comes from. 1 when something cannot be used. */
export function configShowCommand(options: { readonly work?: string; readonly json: boolean }): number {
  const workFolder = resolve(options.work ?? join(dataFolder(), 'agent'));
  const file = join(workFolder, 'settings.json');
  const view = openSettings(file, readManaged({})).view();
  process.stdout.write(options.json ? `${JSON.stringify(asJson(view, file), null, 2)}\n` : table(view, file));
  return view.problem === undefined ? EXIT.ok : EXIT.failed;
}

function asJson({ values, origins, problem }: SettingsView, settingsFile: string): object {
  const settings = Object.fromEntries(
    SETTING_NAMES.map((name) => [name, { value: values[name] ?? null, origin: origins[name] }]),
  );
  return { policyFile: policyFile(), settingsFile, problem: problem ?? null, settings };
}

function table({ values, origins, problem }: SettingsView, settingsFile: string): string {
  const width = Math.max(...SETTING_NAMES.map((name) => name.length));
  const where = (name: SettingName): string =>
    origins[name] === 'environment' ? `environment (${environmentName(name)})` : origins[name];
  const shown = (value: unknown): string => (value === undefined ? '–' : JSON.stringify(value));
  const lines = SETTING_NAMES.map((name) => `${name.padEnd(width)}  ${where(name).padEnd(12)}  ${shown(values[name])}`);
  const head = [`policy    ${policyFile()}`, `settings  ${settingsFile}`, ''];
  const tail = problem === undefined ? [] : ['', sentence(problem)];
  return `${[...head, ...lines, ...tail].join('\n')}\n`;
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
  process.stdout.write(`${path} can be used. It locks ${named(locked)} and presets ${named(preset)}.\n`);
  return EXIT.ok;
}
