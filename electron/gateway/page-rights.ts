import { PROGRAM_SETTINGS, TRUST_SETTINGS, type SettingName } from '../../shared/settings.ts';
import type { Refusal } from '../../shared/failure.ts';

/**
 * Why a page in a browser may not ask for this, or null. Its session lies in a browser's storage, beside whatever else
 * that browser runs: it steers the agent, and it never says which program this account starts, how closely that is shut
 * in, where the agent's traffic goes, whom it trusts, or which server is shown the token that is kept for another one.
 * `input` is not parsed yet.
 */
export function refusedToPages(name: string, input: unknown): Refusal | null {
  if (name !== 'changeSettings' || typeof input !== 'object' || input === null || !('change' in input)) return null;
  const { change } = input;
  if (typeof change !== 'object' || change === null) return null;
  const isChanged = (setting: SettingName): boolean => Object.hasOwn(change, setting);
  const program = PROGRAM_SETTINGS.find(isChanged);
  if (program !== undefined) {
    return guarded('SETTING_NAMES_PROGRAM', program, 'says which programs run here, or how closely they are shut in');
  }
  const trust = TRUST_SETTINGS.find(isChanged);
  if (trust !== undefined) {
    return guarded('SETTING_DECIDES_TRUST', trust, 'decides where the agent’s traffic goes, or whom it trusts');
  }
  // Going back to the built-in server shows the token to nobody.
  return 'serverUrl' in change && change.serverUrl !== null ? WITHOUT_TOKEN : null;
}

function guarded(code: string, field: SettingName, what: string): Refusal {
  return {
    code,
    message: `“${field}” ${what}; a page in a browser may not change it.`,
    nextStep: `Use “rushcatalog-agent config set ${field} VALUE” (from a clone: “npm run config set ${field} VALUE”) in a terminal of the agent’s account, or the desktop app.`,
    field,
  };
}

const WITHOUT_TOKEN: Refusal = {
  code: 'SERVER_WITHOUT_TOKEN',
  message: 'Another server would be shown the token that is kept for this one; a page in a browser may not do that.',
  nextStep:
    'Connect with a token of the other server, or use “rushcatalog-agent config set serverUrl” (from a clone: “npm run config set serverUrl”) in a terminal.',
  field: 'serverUrl',
};
