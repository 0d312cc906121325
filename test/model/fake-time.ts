import { stat } from 'node:fs/promises';
import type { Clock } from '../../electron/work/clock.ts';

/** One agent program, as time sees it: a frozen one hears nothing, a dead one never again. */
export interface Owner {
  frozen: boolean;
  dead: boolean;
  /** Wall clock of its machine minus the true one, ms. */
  wallOffset: number;
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
}

interface Sleeper {
  readonly due: number;
  readonly owner: Owner | null;
  readonly wake: () => void | Promise<void>;
  /** Of what is asked for within one moment, the first in this order comes first. */
  readonly name?: string;
}

/** Whether one that was there before `other` is also woken before it. */
const isBefore = (one: Sleeper, other: Sleeper): boolean =>
  one.due < other.due || (one.due === other.due && (one.name ?? '') <= (other.name ?? ''));

/** How long a request is under way. */
const MOMENT_MS = 1;
const EPOCH = Date.parse('2026-03-01T12:00:00Z');
/** Rounds of the event loop without any file call before the world counts as still. */
const STILL_ROUNDS = 4;
/** After so many of them the world waits for the machine, which may be busy: a millisecond each. */
const SPINNING_ROUNDS = 2_000;
/** Minutes. A world that is not still by then never will be, and a history of it would mean nothing. */
const MAX_ROUNDS = 200_000;

export function createFakeTime(inFlight: () => number, maxRounds = MAX_ROUNDS): FakeTime {
  let now = 0;
  let pending = 0;
  const sleepers = new Set<Sleeper>();

  const restless = (): string =>
    `${inFlight()} requests under way, ${pending} things to be done later, ${sleepers.size} asleep, ` +
    `active: ${process.getActiveResourcesInfo().join(', ')}`;

  const settle = async (): Promise<void> => {
    let still = 0;
    for (let round = 0; still < STILL_ROUNDS; round += 1) {
      if (round >= maxRounds) throw new Error(`the world does not come to rest: ${restless()}`);
      await new Promise((resolve) => (round < SPINNING_ROUNDS ? setImmediate(resolve) : setTimeout(resolve, 1)));
      still = inFlight() > 0 || isFileBusy() ? 0 : still + 1;
      if (isBlobOpen()) await poolTurn();
    }
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
      asleepMs: () => 0,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true) {
            resolve();
            return;
          }
          const wake = (): void => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', wake);
            resolve();
          };
          const sleeper: Sleeper = { due: now + Math.max(0, ms), owner, wake };
          sleepers.add(sleeper);
          signal?.addEventListener('abort', wake, { once: true });
        }),
    }),
    timeoutOf: (owner) => (ms) => {
      const over = new AbortController();
      const wake = (): void => {
        sleepers.delete(sleeper);
        over.abort();
      };
      const sleeper: Sleeper = { due: now + ms, owner, wake };
      sleepers.add(sleeper);
      return over.signal;
    },
    later(ms, work) {
      pending += 1;
      const sleeper: Sleeper = {
        due: now + ms,
        owner: null,
        wake: async () => {
          sleepers.delete(sleeper);
          await work();
          pending -= 1;
        },
      };
      sleepers.add(sleeper);
    },
    soon: (name, work) =>
      new Promise((resolve, reject) => {
        const sleeper: Sleeper = {
          due: now + MOMENT_MS,
          owner: null,
          name,
          wake: async () => {
            sleepers.delete(sleeper);
            await work().then(resolve, reject);
          },
        };
        sleepers.add(sleeper);
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
  };
}

/** Whether a file is being opened, read, written or closed now. */
function isFileBusy(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq') || name === 'CloseReq');
}

/** Blobs of files show as being read for as long as they live: whether one is, nobody knows. */
function isBlobOpen(): boolean {
  return process.getActiveResourcesInfo().includes('FileHandleReadWrap');
}

/** More than the pool has threads: when all of these have answered, what was asked before them has, too. */
const TURN_CALLS = 8;

/** Gives the pool that reads files a turn; a history's files hold a few bytes. */
async function poolTurn(): Promise<void> {
  await Promise.all(Array.from({ length: TURN_CALLS }, () => stat('.')));
}
