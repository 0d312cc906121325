import type { Refusal } from '../../../shared/failure.ts';
import { CAPABILITIES } from '../../../shared/job.ts';
import { RESTART_SETTINGS } from '../../../shared/setup-commands.ts';
import { SETTING_NAMES, type SettingName, type Settings } from '../../../shared/settings.ts';
import type { SetupDeps, SetupOutcome } from './setup.ts';

type Change = Readonly<Record<string, unknown>>;

/** Settings that tools are found and proved by. */
const TOOL_SETTINGS: readonly string[] = [
  'encoder',
  'ffmpegPath',
  'ffprobePath',
  'sandbox',
  'speechModelPath',
  'speechModelFolder',
  'whisperCliPath',
] satisfies (SettingName | 'sandbox')[];

/** Saves a person's choices and lets them act at once where they can. `null` goes back to the default. */
export async function changeSettings(deps: SetupDeps, change: Change): Promise<SetupOutcome> {
  const unknown = Object.keys(change).find((name) => !SETTING_NAMES.includes(name as SettingName));
  if (unknown !== undefined) {
    const message = `There is no setting “${unknown}”.`;
    return { refusal: { code: 'SETTING_INVALID', message, field: unknown } };
  }
  const changed = Object.keys(change) as SettingName[];
  const set = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== null)) as Partial<Settings>;
  const forget = changed.filter((name) => change[name] === null);
  const before = deps.settings.view().values;
  const refusal = deps.settings.change(set, forget);
  if (refusal !== null) return { refusal };
  await settingsChanged(deps, before);
  return { restart: changed.filter((name) => RESTART_SETTINGS.includes(name)) };
}

/** Adds or replaces media roots for work that was added; the refusal says why they cannot be changed. */
export async function saveRoots(deps: SetupDeps, mediaRoots: Settings['mediaRoots']): Promise<Refusal | null> {
  const before = deps.settings.view().values;
  const refusal = deps.settings.change({ mediaRoots });
  if (refusal === null) await settingsChanged(deps, before);
  return refusal;
}

async function settingsChanged(deps: SetupDeps, before: Settings): Promise<void> {
  const { parts, settings, capabilities } = deps;
  const view = settings.view();
  const now = view.values;
  parts.store.emit({ type: 'settingsChanged', settings: view });
  const differs = (name: string): boolean => {
    const at = (values: Settings): unknown => (values as Readonly<Record<string, unknown>>)[name];
    return JSON.stringify(at(before)) !== JSON.stringify(at(now));
  };
  if (differs('mediaRoots')) {
    parts.roots.setRoots(now.mediaRoots);
    parts.store.emit({ type: 'rootsChecked', roots: await parts.roots.check() });
  }
  for (const name of CAPABILITIES) {
    if (before.capabilities[name] !== now.capabilities[name]) capabilities.setEnabled(name, now.capabilities[name]);
  }
  // Finding and proving takes seconds; its course arrives by `watch`.
  if (TOOL_SETTINGS.some(differs)) void capabilities.refresh();
  deps.wake();
}
