import { readFile, stat } from 'node:fs/promises';
import { systemClock } from '../clock.ts';

/** Where Linux says which graphics drivers are loaded; elsewhere the device list names them. */
const DRIVER_FILES = [
  '/proc/driver/nvidia/version',
  '/sys/module/nvidia/version',
  '/sys/module/amdgpu/srcversion',
  '/sys/module/i915/srcversion',
  '/sys/module/xe/srcversion',
];

/**
 * What hardware proofs hold for, as one text: the loaded drivers, the tool's file, and how long the machine has slept.
 * Another text means another driver or tool, or a wake, after which cards are not always what they were.
 */
export async function driverMark(tool: string): Promise<string> {
  const drivers = await Promise.all(DRIVER_FILES.map((path) => readFile(path, 'utf8').catch(() => '')));
  const file = await stat(tool).catch(() => null);
  return JSON.stringify([drivers, file === null ? null : [file.size, file.mtimeMs, file.ino], sleptMinutes()]);
}

/** No clock that somebody sets: a wall clock set by an hour is no sleep. */
function sleptMinutes(): number {
  return Math.round(systemClock.asleepMs() / 60_000);
}
