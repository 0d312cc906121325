import { withTimeout, type Clock } from '../clock.ts';

/** A file call that hangs is waited for this long; afterwards the root is "not answering" (reliability.md). */
const FILE_CALL_MS = 5_000;

export type Gated<T> = { readonly kind: 'answered'; readonly value: T } | { readonly kind: 'not-answering' };

/**
 * Lets at most one file call per media root be outstanding, so that a share that hangs costs one thread and nobody
 * else. Calls of one root queue; once one has hung, the others are answered at once until it returns.
 */
export interface RootGate {
  run<T>(call: () => Promise<T>): Promise<Gated<T>>;
  readonly answering: boolean;
}

export function createRootGate(clock: Pick<Clock, 'sleep'>): RootGate {
  let tail: Promise<unknown> = Promise.resolve();
  let hung = 0;
  return {
    get answering() {
      return hung === 0;
    },
    async run<T>(call: () => Promise<T>): Promise<Gated<T>> {
      if (hung > 0) return { kind: 'not-answering' };
      const turn = tail.then(() => (hung > 0 ? undefined : call().then((value) => ({ value }))));
      tail = turn.catch(() => undefined);
      return raceAgainstHang(turn, clock, (delta) => {
        hung += delta;
      });
    },
  };
}

async function raceAgainstHang<T>(
  turn: Promise<{ value: T } | undefined>,
  clock: Pick<Clock, 'sleep'>,
  noteHung: (delta: 1 | -1) => void,
): Promise<Gated<T>> {
  const first = await withTimeout(clock, FILE_CALL_MS, turn, 'timeout' as const);
  if (first === undefined) return { kind: 'not-answering' };
  if (first !== 'timeout') return { kind: 'answered', value: first.value };
  noteHung(1);
  void turn.catch(() => undefined).finally(() => noteHung(-1));
  return { kind: 'not-answering' };
}
