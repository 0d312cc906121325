import type { Handlers, Outcome } from '../../../shared/commands.ts';
import type { Refusal } from '../../../shared/failure.ts';
import { CAPABILITIES } from '../../../shared/job.ts';
import { RESTART_SETTINGS } from '../../../shared/setup-commands.ts';
import { isSettingName, type SettingName, type Settings } from '../../../shared/settings.ts';
import type { Capabilities } from '../../work/capabilities/capabilities-port.ts';
import type { AgentServices } from '../jobs/services.ts';
import type { SettingsStore } from '../settings/settings-store.ts';

export interface SettingsCommandDeps {
  readonly services: Pick<AgentServices, 'store' | 'roots'>;
  readonly capabilities: Pick<Capabilities, 'setEnabled' | 'refresh' | 'test'>;
  readonly settings: SettingsStore;
  /** Looks at the offers again. */
  readonly wake: () => void;
}

export function settingsCommands(
  deps: SettingsCommandDeps,
): Handlers<'changeSettings' | 'setCapability' | 'testCapability'> {
  const { services, settings, capabilities, wake } = deps;
  return {
    changeSettings: ({ change }) => changeSettings(deps, change),
    async setCapability({ capability, enabled }) {
      const { values } = settings.view();
      const refusal = settings.change({ capabilities: { ...values.capabilities, [capability]: enabled } });
      if (refusal !== null) return { refusal };
      services.store.emit({ type: 'settingsChanged', settings: settings.view() });
      capabilities.setEnabled(capability, enabled);
      wake();
      return {};
    },
    async testCapability({ capability }) {
      // The proof takes seconds; its course arrives by `watch`.
      void capabilities.test(capability);
      return {};
    },
  };
}

type Change = Readonly<Record<string, unknown>>;

/** Settings that tools are found and proved by. */
const TOOL_SETTINGS: readonly SettingName[] = [
  'encoder',
  'ffmpegPath',
  'ffprobePath',
  'sandbox',
  'speechModelPath',
  'speechModelFolder',
  'whisperCliPath',
];

/** Saves a person's choices and lets them act at once where they can. `null` goes back to the default. */
async function changeSettings(deps: SettingsCommandDeps, change: Change): Promise<Outcome<'changeSettings'>> {
  const unknown = Object.keys(change).find((name) => !isSettingName(name));
  if (unknown !== undefined) {
    const message = `There is no setting “${unknown}”.`;
    return { refusal: { code: 'SETTING_INVALID', message, field: unknown } };
  }
  const changed = Object.keys(change).filter(isSettingName);
  // Of what type each value is, the store tells.
  const set = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== null)) as Partial<Settings>;
  const forget = changed.filter((name) => change[name] === null);
  const before = deps.settings.view().values;
  const refusal = deps.settings.change(set, forget);
  if (refusal !== null) return { refusal };
  await settingsChanged(deps, before);
  return { restart: changed.filter((name) => RESTART_SETTINGS.includes(name)) };
}

/** Adds or replaces media roots for work that was added; the refusal says why they cannot be changed. */
export async function saveRoots(
  deps: SettingsCommandDeps,
  mediaRoots: Settings['mediaRoots'],
): Promise<Refusal | null> {
  const before = deps.settings.view().values;
  const refusal = deps.settings.change({ mediaRoots });
  if (refusal === null) await settingsChanged(deps, before);
  return refusal;
}

async function settingsChanged(deps: SettingsCommandDeps, before: Settings): Promise<void> {
  const { services, settings, capabilities } = deps;
  const view = settings.view();
  const now = view.values;
  services.store.emit({ type: 'settingsChanged', settings: view });
  const differs = (name: SettingName): boolean => JSON.stringify(before[name]) !== JSON.stringify(now[name]);
  if (differs('mediaRoots')) {
    services.roots.setRoots(now.mediaRoots);
    services.store.emit({ type: 'rootsChecked', roots: await services.roots.check() });
  }
  for (const name of CAPABILITIES) {
    if (before.capabilities[name] !== now.capabilities[name]) capabilities.setEnabled(name, now.capabilities[name]);
  }
  // Finding and proving takes seconds; its course arrives by `watch`.
  if (TOOL_SETTINGS.some(differs)) void capabilities.refresh();
  deps.wake();
}
