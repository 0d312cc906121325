import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramOutput } from '../../../work/process/program-output.ts';

export interface Power {
  /** False also where there is no battery, or nobody tells. */
  onBattery(): Promise<boolean>;
}

export function createPower(ask: ProgramOutput, platform: NodeJS.Platform = process.platform): Power {
  if (platform === 'darwin')
    return { onBattery: async () => parsePmset((await ask('/usr/bin/pmset', ['-g', 'batt'])) ?? '') };
  if (platform === 'win32')
    return { onBattery: async () => parseBatteryStatus((await ask('powershell.exe', WINDOWS_ARGS)) ?? '') };
  return linuxPower();
}

/** /sys/class/power_supply (Documentation/ABI/testing/sysfs-class-power): a supply that is online wins over any battery. */
export function linuxPower(folder = '/sys/class/power_supply'): Power {
  const read = async (supply: string, name: string): Promise<string> =>
    (await readFile(join(folder, supply, name), 'utf8').catch(() => '')).trim();
  return {
    async onBattery() {
      let discharging = false;
      for (const supply of await readdir(folder).catch(() => [])) {
        const type = await read(supply, 'type');
        if (type !== 'Battery' && (await read(supply, 'online')) === '1') return false;
        // `Device`: the battery of a mouse or a headset.
        if (type !== 'Battery' || (await read(supply, 'scope')) === 'Device') continue;
        discharging ||= (await read(supply, 'status')) === 'Discharging';
      }
      return discharging;
    },
  };
}

/** `Now drawing from 'Battery Power'` */
export function parsePmset(text: string): boolean {
  return /drawing from 'Battery Power'/.test(text);
}

const WINDOWS_ARGS = ['-NoProfile', '-NonInteractive', '-Command', '(Get-CimInstance Win32_Battery).BatteryStatus'];

/** Win32_Battery.BatteryStatus: 1 "discharging", 4 and 5 the same when low or critical. One number per battery. */
export function parseBatteryStatus(text: string): boolean {
  const numbers = text.trim().split(/\s+/).filter(Boolean);
  return numbers.length > 0 && numbers.every((number) => ['1', '4', '5'].includes(number));
}
