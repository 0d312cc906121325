import { PROGRAM_SETTINGS, type SettingName } from '../../shared/settings.ts';
import type { Refusal } from '../../shared/failure.ts';

/**
 * Why a page in a browser may not ask for this, or null. Its session lies in a browser's storage, beside whatever else
 * that browser runs: it steers the agent, and it never says which program this account starts, how closely that is shut
 * in, or which server is shown the token that is kept for another one. `input` is not parsed yet.
 */
export function refusedToPages(name: string, input: unknown): Refusal | null {
  if (name !== 'changeSettings' || typeof input !== 'object' || input === null || !('change' in input)) return null;
  const { change } = input;
  if (typeof change !== 'object' || change === null) return null;
  const field = PROGRAM_SETTINGS.find((setting: SettingName) => Object.hasOwn(change, setting));
  if (field !== undefined) return namesProgram(field);
  // Going back to the built-in server shows the token to nobody.
  return 'serverUrl' in change && change.serverUrl !== null ? WITHOUT_TOKEN : null;
}

function namesProgram(field: SettingName): Refusal {
  return {
    code: 'SETTING_NAMES_PROGRAM',
    message: `“${field}” says which programs run here, or how closely they are shut in; a page in a browser may not change it.`,
    nextStep: `Use “rushcatalog-agent config set ${field} VALUE” in a terminal of the agent’s account, or the desktop app.`,
    field,
  };
}

const WITHOUT_TOKEN: Refusal = {
  code: 'SERVER_WITHOUT_TOKEN',
  message: 'Another server would be shown the token that is kept for this one; a page in a browser may not do that.',
  nextStep: 'Connect with a token of the other server, or use “rushcatalog-agent config set serverUrl” in a terminal.',
  field: 'serverUrl',
};
