import type { AgentEvent } from '../../shared/event.ts';
import type { QueueBatch, QueueOverview } from '../../shared/snapshot.ts';

interface BatchNoticeDeps {
  /** Runs once after so many ms; returns what calls it off. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** Nothing of it is left to do any more. */
  readonly tell: (batch: QueueBatch) => void;
}

/** Files that are copied into a folder one by one are done one by one: it is told once nothing more came for so long. */
const STAYS_DONE_MS = 30_000;

/** Follows what was added at once, or came from a watched folder, until nothing of it is left to do. */
export function followBatches({ after, tell }: BatchNoticeDeps) {
  /** Those with something left to do, as they were seen last. */
  let open = new Map<string, QueueBatch>();
  const ready = new Map<string, () => void>();
  const callOff = (batch: string): void => {
    ready.get(batch)?.();
    ready.delete(batch);
  };
  let serverUrl: string | undefined;
  const onQueue = ({ batches }: QueueOverview, isSeen: boolean): void => {
    const now = new Map(batches.map((each) => [each.batch, each]));
    for (const batch of now.keys()) callOff(batch);
    for (const [id, batch] of open) {
      if (now.has(id) || isSeen) continue;
      const stop = after(STAYS_DONE_MS, () => {
        ready.delete(id);
        tell(batch);
      });
      ready.set(id, stop);
    }
    open = now;
  };
  const forget = (): void => {
    open = new Map();
    for (const batch of ready.keys()) callOff(batch);
  };
  return {
    /** `url`: the server’s. `isSeen`: somebody looks at the window, and sees it there. */
    onEvent(event: AgentEvent, url: string, isSeen: boolean): void {
      // From here on the queue is another server’s.
      if (url !== serverUrl) forget();
      serverUrl = url;
      if (event.type === 'queueSeen') onQueue(event.queue, isSeen);
    },
    /** It will be told that something is done: nobody else has to. */
    isAtIt: (): boolean => open.size > 0 || ready.size > 0,
    forget,
  };
}
