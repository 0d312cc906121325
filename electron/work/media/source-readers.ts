import type { JobType } from '../../../shared/job.ts';
import { after, whenAborted, type Clock } from '../clock.ts';
import type { ExecutionContext, Source } from '../execution.ts';
import { openFileKey } from '../storage/open-file-key.ts';

/**
 * From this size on a source is not counted on to be in memory still when its next job comes: its jobs read it in step
 * (docs/adr/0042).
 */
export const READ_IN_STEP_BYTES = 1 << 30;
/** How far one may be ahead of another: what lies between them is all that the system's cache has to keep. */
const LEAD_BYTES = 64 << 20;
/** Who has not come on for so long holds nobody up: a share that hangs, a rate that is not told. */
const STUCK_MS = 30_000;

/** Who reads which source from its beginning to its end right now, so that the disk gives it once for all of them. */
export interface SourceReaders {
  /** One that begins. It holds others up from here on, so that they do not run away while it looks at the file. */
  join(source: Source, signal: AbortSignal): Promise<SourceReader>;
}

/** One reading, from `join` to `leave`. */
export interface SourceReader {
  /** How far it has come, 0..1 of the source; back where it begins again. */
  at(fraction: number): void;
  /**
   * Undefined where it may go on; else resolves once everybody else has come near, has left or is stuck, or this
   * reader's signal is aborted. For those whose consumer can hold the tool's pipe back.
   */
  inStep(): Promise<void> | undefined;
  leave(): void;
}

/** The job's reading; of nobody's concern where `readers` are not shared. */
export async function joinReaders(
  context: Pick<ExecutionContext<JobType>, 'readers' | 'source' | 'signal'>,
): Promise<SourceReader> {
  return (await context.readers?.join(context.source, context.signal)) ?? ALONE;
}

/** Does the work as one of the source's readers, which it leaves however the work ends. */
export async function asReader<T>(
  context: Parameters<typeof joinReaders>[0],
  work: (reader: SourceReader) => Promise<T>,
): Promise<T> {
  const reader = await joinReaders(context);
  try {
    return await work(reader);
  } finally {
    reader.leave();
  }
}

const ALONE: SourceReader = { at: () => undefined, inStep: () => undefined, leave: () => undefined };

interface Position {
  bytes: number;
  /** Monotonic ms of the last step forward. */
  movedAt: number;
}

export function createSourceReaders(clock: Pick<Clock, 'monotonic' | 'sleep'>): SourceReaders {
  const reading = new Map<string, Set<Position>>();
  let moved = Promise.withResolvers<undefined>();
  const tell = (): void => {
    moved.resolve(undefined);
    moved = Promise.withResolvers<undefined>();
  };
  return {
    async join(source, signal) {
      if (source.sizeBytes < READ_IN_STEP_BYTES) return ALONE;
      const key = await openFileKey(source.fd);
      const others = reading.get(key) ?? new Set();
      reading.set(key, others);
      const own: Position = { bytes: 0, movedAt: clock.monotonic() };
      others.add(own);
      const isAhead = (): boolean =>
        [...others].some(
          ({ bytes, movedAt }) => own.bytes > bytes + LEAD_BYTES && clock.monotonic() - movedAt < STUCK_MS,
        );
      const untilNear = async (): Promise<void> => {
        const aborted = whenAborted(signal);
        while (isAhead() && !signal.aborted) {
          const stuck = Promise.withResolvers<undefined>();
          const stop = after(clock, STUCK_MS, () => stuck.resolve(undefined));
          await Promise.race([moved.promise, aborted, stuck.promise]);
          stop();
        }
      };
      return {
        at(fraction) {
          const bytes = fraction * source.sizeBytes;
          if (bytes === own.bytes) return;
          own.bytes = bytes;
          own.movedAt = clock.monotonic();
          tell();
        },
        inStep: () => (isAhead() ? untilNear() : undefined),
        leave() {
          others.delete(own);
          if (others.size === 0) reading.delete(key);
          tell();
        },
      };
    },
  };
}
