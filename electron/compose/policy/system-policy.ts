import { existsSync } from 'node:fs';
import type { Refusal } from '../../../shared/failure.ts';
import { isSettingName, SettingsSchema } from '../../../shared/settings.ts';
import { programOutputSync } from '../../work/process/program-output.ts';
import { windowsProgram } from '../../work/process/windows-program.ts';
import { parsePolicy, unusable, type ReadPolicy } from './read-policy.ts';

/** Where Group Policy and MDM put what the templates in build/policy describe; the file in its fixed place (read-policy.ts) wins. */
const REGISTRY_KEY = 'HKLM\\SOFTWARE\\Policies\\RushCatalog\\Agent';
const PREFERENCES = '/Library/Managed Preferences/org.rushcatalog.agent.plist';

/** Null where the system has no policy for us. */
export function readSystemPolicy(): ReadPolicy | { readonly refusal: Refusal } | null {
  if (process.platform === 'win32') {
    const listing = programOutputSync(windowsProgram('reg.exe'), ['query', REGISTRY_KEY, '/s']);
    return listing === null ? null : policyOf(parseRegistry(listing), REGISTRY_KEY);
  }
  if (process.platform === 'darwin') {
    if (!existsSync(PREFERENCES)) return null;
    const json = programOutputSync('/usr/bin/plutil', ['-convert', 'json', '-o', '-', PREFERENCES]);
    // Dates and raw data have no JSON; a profile that cannot be read is not the same as none.
    if (json === null) return { refusal: unusable(PREFERENCES, 'it cannot be read as settings') };
    // A preferences file is a dictionary; the policy's schema looks at what is in it.
    return policyOf(JSON.parse(json) as Record<string, unknown>, PREFERENCES);
  }
  return null;
}

/** What the systems add by themselves: a profile's own fields, and the unnamed value of a registry key. */
const NOT_OURS = /^Payload[A-Z]|^\(.*\)$/;

/** Settings lie flat in both; `enrolmentTokenFile` beside them. */
export function policyOf(
  flat: Readonly<Record<string, unknown>>,
  source: string,
): ReadPolicy | { readonly refusal: Refusal } {
  const { enrolmentTokenFile, ...given } = flat;
  const settings = Object.fromEntries(
    Object.entries(given)
      .filter(([name]) => !NOT_OURS.test(name))
      .map(([name, value]) => [name, typed(name, value)]),
  );
  const enrolment = enrolmentTokenFile === undefined ? {} : { enrolment: { tokenFile: enrolmentTokenFile } };
  return parsePolicy(JSON.stringify({ settings, ...enrolment }, null, 1), source);
}

/** Group Policy knows text and numbers: 1 may mean true, and text may be a list written as JSON. */
function typed(name: string, value: unknown): unknown {
  const schema = isSettingName(name) ? SettingsSchema.shape[name] : undefined;
  if (schema === undefined) return value;
  const candidates = [value, ...(value === 0 || value === 1 ? [value === 1] : []), fromJson(value)];
  return candidates.find((each) => each !== undefined && schema.safeParse(each).success) ?? value;
}

function fromJson(value: unknown): unknown {
  try {
    return typeof value === 'string' ? (JSON.parse(value) as unknown) : undefined;
  } catch {
    return undefined;
  }
}

/** `reg query KEY /s`: lines of “    name    REG_TYPE    data”; REG_MULTI_SZ parts are joined by a written \0. */
export function parseRegistry(listing: string): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const line of listing.split(/\r?\n/)) {
    const match = /^ {4}(.+?) {4}(REG_\w+) {4}(.*)$/.exec(line);
    if (match === null) continue;
    const [, name = '', type = '', data = ''] = match;
    if (type === 'REG_DWORD' || type === 'REG_QWORD') values[name] = Number(data);
    else values[name] = type === 'REG_MULTI_SZ' ? data.split('\\0').filter(Boolean) : data;
  }
  return values;
}
