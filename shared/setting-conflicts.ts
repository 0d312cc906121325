import { isOpenHttp } from './server-address.ts';
import type { SettingName, Settings } from './settings.ts';

/** Two settings that cannot both be meant. `field`: the one to change. */
interface SettingConflict {
  readonly field: SettingName;
  readonly message: string;
}

/** Settings that are each well-formed and exclude each other; the first one found, or null. */
export function settingConflict(values: Partial<Settings>): SettingConflict | null {
  const { proxyMode, proxyUrl, proxyCredentialsFile, workWhen, workHours, updates, serverUrl, allowInsecureHttp } =
    values;
  if (proxyMode === 'manual' && proxyUrl === undefined) {
    return { field: 'proxyMode', message: '“proxyMode” is “manual”, but there is no “proxyUrl”' };
  }
  if (proxyUrl !== undefined && proxyMode !== undefined && proxyMode !== 'manual') {
    return { field: 'proxyUrl', message: `“proxyUrl” is given, but “proxyMode” is “${proxyMode}”` };
  }
  if (proxyCredentialsFile !== undefined && proxyMode === 'none') {
    return { field: 'proxyCredentialsFile', message: '“proxyCredentialsFile” is given, but “proxyMode” is “none”' };
  }
  if (workHours !== undefined && workWhen !== undefined && workWhen !== 'hours') {
    return { field: 'workHours', message: `“workHours” is given, but “workWhen” is “${workWhen}”` };
  }
  if (updates === 'off' && (values.updateUrl !== undefined || values.updateChannel !== undefined)) {
    return { field: 'updates', message: '“updates” is “off”, but a channel or an address for updates is given' };
  }
  if (serverUrl !== undefined && isOpenHttp(serverUrl) && allowInsecureHttp === false) {
    return {
      field: 'serverUrl',
      message: '“serverUrl” is plain http to another machine, but “allowInsecureHttp” is false',
    };
  }
  return null;
}
