import type { AgentEventType } from '../../../shared/event.ts';
import type { AgentServices } from '../../agent/jobs/services.ts';
import type { OperatorClient } from './operator-client.ts';

/** After these the queue is not what it was. */
const MOVES: ReadonlySet<AgentEventType> = new Set([
  'jobClaimed',
  'jobEnded',
  'jobRetried',
  'retryTakenBack',
  'offersSeen',
  'backlogSeen',
  'addingChanged',
]);
/** Of ten thousand files it takes the server some hundredths of a second to count them. */
const AT_MOST_EVERY_MS = 2_000;
/** Of a million it takes seconds, in which the server does nothing else: no more than a fiftieth of its time. */
const SHARE = 50;

/**
 * Tells what still has to be done, in files and by what was added at once, whenever something moved: an idle agent
 * asks for nothing. Ends with `signal`.
 */
export function watchQueue(
  { store, clock, log }: Pick<AgentServices, 'store' | 'clock' | 'log'>,
  operator: Pick<OperatorClient, 'queue'>,
  signal: AbortSignal,
): void {
  let moved = new AbortController();
  const look = (): void => moved.abort();
  const end = store.subscribe(({ type }) => {
    if (MOVES.has(type)) look();
  });
  signal.addEventListener('abort', end, { once: true });
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      moved = new AbortController();
      const askedAt = clock.monotonic();
      try {
        const queue = await operator.queue();
        if (signal.aborted) return;
        if (JSON.stringify(queue) !== JSON.stringify(store.snapshot().queue)) store.emit({ type: 'queueSeen', queue });
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, 'the queue could not be counted; it is tried again');
        look();
      }
      await clock.sleep(Math.max(AT_MOST_EVERY_MS, SHARE * (clock.monotonic() - askedAt)), signal);
      if (!moved.signal.aborted) await clock.sleep(Number.MAX_SAFE_INTEGER, AbortSignal.any([moved.signal, signal]));
    }
  };
  void loop();
}
