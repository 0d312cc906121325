import { programOutput } from '../../work/process/program-output.ts';
import {
  linuxProgramNames,
  macProgramNames,
  windowsProgramNames,
  type ProgramNames,
} from '../../work/process/program-names.ts';
import { createIdleTime, type IdleTime } from './sources/idle-time.ts';
import { createLoadMeter, type LoadMeter } from './sources/load.ts';
import { createMemoryMeter, type MemoryMeter } from './sources/memory.ts';
import { createPower, type Power } from './sources/power.ts';

/** All that tells whether the machine is needed by its editor. The desktop app brings its own where it knows better. */
export interface ActivitySources {
  readonly idleTime: IdleTime;
  readonly programs: ProgramNames;
  readonly load: LoadMeter;
  readonly power: Power;
  readonly memory: MemoryMeter;
  /** Calls back when something may have changed (a program was opened, the power went): then everything is looked at. */
  readonly onChange?: (listener: () => void) => () => void;
}

export function systemActivitySources(): ActivitySources {
  return {
    idleTime: createIdleTime(programOutput),
    programs: systemProgramNames(),
    load: createLoadMeter(),
    power: createPower(programOutput),
    memory: createMemoryMeter(programOutput),
  };
}

function systemProgramNames(): ProgramNames {
  if (process.platform === 'darwin') return macProgramNames(programOutput);
  return process.platform === 'win32' ? windowsProgramNames(programOutput) : linuxProgramNames();
}
