import type { Clock } from '../../electron/work/clock.ts';

/** One machine or program, as time sees it: a frozen one hears nothing, a dead one never again. */
export interface Owner {
  frozen: boolean;
  dead: boolean;
  /** Wall clock of its machine minus the true one, ms. */
  wallOffset: number;
  /** How long its machine slept, ms: monotonic time stands still meanwhile, as on Linux. */
  asleepMs: number;
}

/** The time of a whole world: one monotonic axis, moved only by `pass`, with everybody woken in order on the way. */
export interface FakeTime {
  /** ms since the world began. */
  now(): number;
  /** True wall clock, ms since 1970. */
  wall(): number;
  clockOf(owner: Owner): Clock;
  /** Aborts after `ms`. */
  timeoutOf(owner: Owner): (ms: number) => AbortSignal;
  /** Does something later, whoever is dead by then. Awaited by `pass`. */
  later(ms: number, work: () => void | Promise<void>): void;
  /**
   * Does something a moment later, alone. What is asked for within one moment is done in the order of `name`: which of two
   * programs' files was written first is the machine's affair and no part of a history.
   */
  soon<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** How many things are still to be done `later`. */
  pending(): number;
  pass(ms: number): Promise<void>;
  /** Lets everything go on that needs no time. */
  settle(): Promise<void>;
  /** Time is later by `ms` at once, and nobody is woken. */
  jump(ms: number): void;
}

interface Sleeper {
  readonly due: number;
  readonly owner: Owner | null;
  readonly wake: () => void | Promise<void>;
  /** Of what is asked for within one moment, the first in this order comes first. */
  readonly name: string;
}

/** Whether one that was there before `other` is also woken before it. */
const isBefore = (one: Sleeper, other: Sleeper): boolean =>
  one.due < other.due || (one.due === other.due && one.name <= other.name);

/** How long a request is under way. */
const MOMENT_MS = 1;
const EPOCH = Date.parse('2026-03-01T12:00:00Z');

/** Lets everything go on that needs neither time nor a file. */
const breathe = async (): Promise<void> => {
  for (let n = 0; n < 10; n += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** @param still lets everything go on that needs no time; given how many sleep, for whoever waits in vain */
export function createFakeTime(still: (asleep: () => number) => Promise<void> = breathe): FakeTime {
  let now = 0;
  let pending = 0;
  const sleepers = new Set<Sleeper>();
  const settle = (): Promise<void> => still(() => sleepers.size);

  const sleep = (ms: number, owner: Owner | null, work: Sleeper['wake'], name = ''): Sleeper => {
    const wake: Sleeper['wake'] = () => {
      sleepers.delete(sleeper);
      return work();
    };
    const sleeper: Sleeper = { due: now + Math.max(0, ms), owner, wake, name };
    sleepers.add(sleeper);
    return sleeper;
  };
  const next = (until: number): Sleeper | undefined => {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (sleeper.owner?.dead === true) sleepers.delete(sleeper);
      else if (sleeper.owner?.frozen !== true && sleeper.due <= until && !(first && isBefore(first, sleeper))) {
        first = sleeper;
      }
    }
    return first;
  };

  return {
    now: () => now,
    wall: () => EPOCH + now,
    pending: () => pending,
    settle,
    clockOf: (owner) => ({
      now: () => EPOCH + now + owner.wallOffset,
      monotonic: () => now,
      asleepMs: () => owner.asleepMs,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true) {
            resolve();
            return;
          }
          const { wake } = sleep(ms, owner, () => {
            signal?.removeEventListener('abort', wake);
            resolve();
          });
          signal?.addEventListener('abort', wake, { once: true });
        }),
    }),
    timeoutOf: (owner) => (ms) => {
      const over = new AbortController();
      sleep(ms, owner, () => over.abort());
      return over.signal;
    },
    later(ms, work) {
      pending += 1;
      sleep(ms, null, async () => {
        await work();
        pending -= 1;
      });
    },
    soon: (name, work) =>
      new Promise((resolve, reject) => {
        sleep(MOMENT_MS, null, () => work().then(resolve, reject), name);
      }),
    async pass(ms) {
      const until = now + ms;
      await settle();
      for (let sleeper = next(until); sleeper !== undefined; sleeper = next(until)) {
        now = Math.max(now, sleeper.due);
        await sleeper.wake();
        await settle();
      }
      now = until;
    },
    jump(ms) {
      now += ms;
    },
  };
}

/** The clock of one machine. */
export interface FakeClock extends Clock {
  /** What was asked to be slept, ms each. */
  readonly slept: readonly number[];
  /** Lets `ms` pass, waking everybody on the way and letting them go to sleep again. */
  pass(ms: number): Promise<void>;
  /** Time is later by `ms` at once, and nobody is woken. */
  jump(ms: number): void;
  /** Somebody sets the wall clock. */
  setWall(byMs: number): void;
  /** The machine sleeps. */
  suspend(ms: number): void;
}

/** @param sleeping `waits`: until the test lets time pass; `passes`: sleeping itself lets time pass, and takes none */
export function createFakeClock(sleeping: 'waits' | 'passes' = 'waits'): FakeClock {
  const time = createFakeTime();
  const owner: Owner = { frozen: false, dead: false, wallOffset: 0, asleepMs: 0 };
  const clock = time.clockOf(owner);
  const slept: number[] = [];
  return {
    ...clock,
    slept,
    async sleep(ms, signal) {
      if (signal?.aborted === true) return;
      slept.push(ms);
      if (sleeping === 'waits') return clock.sleep(ms, signal);
      time.jump(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
    pass: time.pass,
    jump: time.jump,
    setWall(byMs) {
      owner.wallOffset += byMs;
    },
    suspend(ms) {
      owner.wallOffset += ms;
      owner.asleepMs += ms;
    },
  };
}
