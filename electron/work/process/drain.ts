import { setTimeout as delay } from 'node:timers/promises';
import type { Output } from './output.ts';

const STEP_MS = 25;

interface DrainLimits {
  /** No byte for this long: whoever still holds the pipe is not going to say anything. */
  readonly quietMs: number;
  /** In all, for somebody unknown who holds the pipe and floods it. Time in which our consumer is busy is not counted. */
  readonly totalMs: number;
  /** More than the kernel can have held when the child exited: somebody else is writing. */
  readonly maxBytes: number;
}

export const AFTER_EXIT: DrainLimits = { quietMs: 500, totalMs: 10_000, maxBytes: 4 * 1024 * 1024 };
/** After we ended a child its last words are welcome, but nobody depends on them. */
export const AFTER_KILL: DrainLimits = { quietMs: 100, totalMs: 100, maxBytes: Infinity };

/**
 * Waits until a child that has exited said all it had to say. Its pipes close with it, unless somebody it started
 * holds them: then silence ends the wait. Our own consumer may take as long as it needs, until `cut`.
 */
export async function drained(
  pipesClosed: Promise<unknown>,
  outputs: readonly Output[],
  limits: DrainLimits,
  cut: AbortSignal,
): Promise<void> {
  let closed = false;
  const noteClosing = async (): Promise<void> => {
    await pipesClosed;
    closed = true;
  };
  const closing = noteClosing();
  const isHeldBack = (): boolean => outputs.some((output) => output.heldBack);
  const total = (): number => outputs.reduce((sum, output) => sum + output.bytes, 0);
  const atExit = total();
  let seen = atExit;
  let quietMs = 0;
  let waitedMs = 0;
  while (!cut.aborted) {
    await Promise.race([
      closed ? delay(STEP_MS) : closing,
      delay(STEP_MS, undefined, { signal: cut }).catch(() => undefined),
    ]);
    if (total() - atExit > limits.maxBytes) return;
    if (isHeldBack()) continue;
    if (closed) return;
    waitedMs += STEP_MS;
    quietMs = total() === seen ? quietMs + STEP_MS : 0;
    seen = total();
    if (quietMs >= limits.quietMs || waitedMs >= limits.totalMs) return;
  }
}
