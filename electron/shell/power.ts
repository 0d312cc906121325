import type { PowerMonitor } from 'electron';
import type { ActivitySources } from '../agent/yield/activity-sources.ts';

type Monitor = Pick<PowerMonitor, 'getSystemIdleTime' | 'isOnBatteryPower'> & {
  on(event: string, listener: () => void): unknown;
};

/** Network drivers and GPUs need a moment after sleep; a proof that fails because of that would be a lie. */
const SETTLE_MS = 5_000;

interface PowerDeps {
  readonly monitor: Monitor;
  /** Runs once after so many ms. */
  readonly after: (ms: number, run: () => void) => void;
  /** The machine woke up: leases are unknown until a heartbeat said otherwise, and the GPU may have gone. */
  readonly onAwake: () => void;
  /** The system shuts down: drain, but hurry. */
  readonly onShutdown: () => void;
}

/** What Electron knows better than the agent's own questions: idle time, battery, sleep, the locked screen. */
export function watchPower({ monitor, after, onAwake, onShutdown }: PowerDeps): {
  readonly activitySources: Partial<ActivitySources>;
  readonly isLocked: () => boolean;
} {
  let locked = false;
  const listeners = new Set<() => void>();
  const tell = (): void => listeners.forEach((listener) => listener());
  monitor.on('lock-screen', () => {
    locked = true;
    tell();
  });
  monitor.on('unlock-screen', () => {
    locked = false;
    tell();
  });
  monitor.on('on-battery', tell);
  monitor.on('on-ac', tell);
  monitor.on('resume', () => {
    tell();
    after(SETTLE_MS, onAwake);
  });
  monitor.on('shutdown', onShutdown);
  return {
    isLocked: () => locked,
    activitySources: {
      idleTime: { read: async () => monitor.getSystemIdleTime() * 1_000 },
      power: { onBattery: async () => monitor.isOnBatteryPower() },
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  };
}
