import { PROGRAM_SETTINGS, type SettingName } from '../../shared/settings.ts';
import type { Refusal } from '../../shared/failure.ts';

/**
 * Why a page in a browser may not ask for this, or null. Its session lies in a browser's storage, beside whatever else
 * that browser runs: it steers the agent, and it never says which program this account starts, or how closely that is
 * shut in. `input` is not parsed yet.
 */
export function refusedToPages(name: string, input: unknown): Refusal | null {
  if (name !== 'changeSettings' || typeof input !== 'object' || input === null || !('change' in input)) return null;
  const { change } = input;
  const field = PROGRAM_SETTINGS.find(
    (setting: SettingName) => typeof change === 'object' && change !== null && Object.hasOwn(change, setting),
  );
  if (field === undefined) return null;
  return {
    code: 'SETTING_NAMES_PROGRAM',
    message: `“${field}” says which programs run here, or how closely they are shut in; a page in a browser may not change it.`,
    nextStep: `Use “rushcatalog-agent config set ${field} VALUE” in a terminal of the agent’s account, or the desktop app.`,
    field,
  };
}
