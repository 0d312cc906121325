import type { Settings } from '../../../shared/settings.ts';
import type { Clock } from '../../work/clock.ts';
import type { Observations } from './reasons.ts';
import type { ActivitySources } from './activity-sources.ts';
import { watchedProgram } from './watched-programs.ts';

interface Observer {
  /** Begins every look that is due; each tells `onSeen` when it knows. */
  look(): void;
  /** Resolves when every look under way is over: bounded, because each source bounds its own. */
  settled(): Promise<void>;
  seen(): Observations;
  /** Nobody needs to know any more: what was seen last is not true for long. */
  forget(): void;
  /** Everything is due again. */
  refresh(): void;
}

interface ObserverDeps {
  readonly activitySources: ActivitySources;
  readonly settings: () => Settings;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly onSeen: () => void;
}

/** With every look, so that a touch is seen within half a second; a PowerShell takes longer than that to start. */
const IDLE_MS = process.platform === 'win32' ? 2_000 : 400;
/** At most this often, in ms. Process lists: every 2 s (issue: no faster), new processes in between cost one small read. */
const EVERY = { idle: IDLE_MS, programs: 2_000, load: 2_000, memory: 2_000, power: 10_000 } as const;
type Topic = keyof typeof EVERY;

export function createObserver({ activitySources, settings, clock, onSeen }: ObserverDeps): Observer {
  let seen: Observations = {};
  /** Looks begun before `forget` tell nothing any more. */
  let era = 0;
  const due = new Map<Topic, number>();
  const underWay = new Map<Topic, Promise<void>>();

  const note = (change: Observations, of: number): void => {
    if (of !== era) return;
    seen = { ...seen, ...change };
    onSeen();
  };
  const begin = (topic: Topic, wanted: boolean, read: () => Promise<Observations>): void => {
    if (!wanted || underWay.has(topic) || clock.monotonic() < (due.get(topic) ?? 0)) return;
    due.set(topic, clock.monotonic() + EVERY[topic]);
    const of = era;
    // A source that fails tells nothing; the next look asks it again.
    const looked = read().then(
      (change) => note(change, of),
      () => undefined,
    );
    underWay.set(
      topic,
      looked.finally(() => underWay.delete(topic)),
    );
  };
  return {
    seen: () => seen,
    look() {
      const { workWhen, watchedPrograms, yieldToLoad, pauseOnBattery, minFreeMemoryMb } = settings();
      const { idleTime, programs, load, power, memory } = activitySources;
      begin('idle', workWhen === 'idle', async () => ({ idleMs: await idleTime.read() }));
      begin('programs', watchedPrograms.length > 0, async () => ({
        program: watchedProgram(await programs.all(), watchedPrograms),
      }));
      begin('load', yieldToLoad, async () => ({ load: await load.sample() }));
      begin('power', pauseOnBattery, async () => ({ onBattery: await power.onBattery() }));
      begin('memory', minFreeMemoryMb > 0, async () => ({ freeMb: await memory.freeMb() }));
      if (watchedPrograms.length === 0) seen = { ...seen, program: null };
      else if (seen.program == null) {
        const began = watchedProgram(programs.recent(), watchedPrograms);
        if (began !== null) note({ program: began }, era);
      }
    },
    async settled() {
      await Promise.all(underWay.values());
    },
    forget() {
      era += 1;
      seen = {};
      due.clear();
    },
    refresh: () => due.clear(),
  };
}
