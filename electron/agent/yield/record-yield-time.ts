import type { YieldReason } from '../../../shared/snapshot.ts';
import type { Clock } from '../../work/clock.ts';
import type { ActivityRows } from '../journal/activity-rows.ts';
import type { Store } from '../store/store.ts';

/** Reasons that have to do with whoever sits in front of the machine; hours are an arrangement, not a giving way. */
const FOR_THE_EDITOR: ReadonlySet<YieldReason['kind']> = new Set([
  'paused',
  'user-input',
  'watched-program',
  'load',
  'battery',
  'low-memory',
]);

/** At most this much is lost when the agent is killed while it stands back. */
const WRITE_MS = 60_000;

/** Adds up, day by day, the time in which work stands back for the editor. Ends with `signal`. */
export function recordYieldTime(deps: {
  readonly store: Pick<Store, 'snapshot' | 'subscribe'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly activity: Pick<ActivityRows, 'yielded'>;
  readonly signal: AbortSignal;
}): void {
  const { store, clock, activity, signal } = deps;
  let since: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  const write = (): void => {
    if (since === null) return;
    const now = clock.monotonic();
    activity.yielded(clock.now(), now - since);
    since = now;
  };
  const look = (): void => {
    const yields = store.snapshot().yielding?.reasons.some(({ kind }) => FOR_THE_EDITOR.has(kind)) === true;
    if (yields === (since !== null)) return;
    write();
    clearInterval(timer);
    since = yields ? clock.monotonic() : null;
    // Only while it stands back: an idle agent has no timer of this.
    if (yields) timer = setInterval(write, WRITE_MS).unref();
  };
  const end = store.subscribe(({ type }) => {
    if (type === 'yieldingChanged') look();
  });
  look();
  signal.addEventListener(
    'abort',
    () => {
      end();
      write();
      clearInterval(timer);
      since = null;
    },
    { once: true },
  );
}
