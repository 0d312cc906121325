import type { Clock } from '../../work/clock.ts';

/** More difference than this between the clocks means that the machine slept or a clock was set. */
const ANOMALY_MS = 2_000;

/** Clock readings whose differences stay constant unless the machine slept or somebody set the clock. */
export interface ClockReadings {
  readonly asleep: number;
  readonly wallOffset: number;
}

export function readClocks(clock: Clock): ClockReadings {
  return { asleep: clock.asleepMs(), wallOffset: clock.now() - clock.monotonic() };
}

export function isClockAnomaly(a: ClockReadings, b: ClockReadings): boolean {
  return Math.abs(a.asleep - b.asleep) > ANOMALY_MS || Math.abs(a.wallOffset - b.wallOffset) > ANOMALY_MS;
}
