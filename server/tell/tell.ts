import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { followLedger, OLDEST_MS } from './follow.ts';
import { holdFirst, putBack, takeOut } from './outbox.ts';
import type { TellTarget } from './tell-file.ts';
import { postWebhook, type Refused } from './webhook.ts';

/** Who is told of what happens. */
export interface TellOptions {
  readonly targets: readonly TellTarget[];
  /** How long failures of one cause are gathered, and a batch has to stay done, in ms; default a minute. */
  readonly gatherMs?: number;
  /** How often it is looked what there is to tell, in ms; default 2 s. */
  readonly everyMs?: number;
  /** How long a target that did not take a message is left alone, in ms; `tries` counts from 1. */
  readonly backoffMs?: (tries: number) => number;
}

const GATHER_MS = 60_000;
const EVERY_MS = 2_000;
/** What is under way at a stop is let finish for so long: cut off it would be sent twice. */
const FINISH_MS = 3_000;

interface Signals {
  /** Nothing new is begun. */
  readonly stopped: AbortSignal;
  /** What is under way ends. */
  readonly cut: AbortSignal;
}

/** 5 s, 20 s, 80 s … an hour, less up to a half: about 30 tries in a day. */
const usualBackoff = (tries: number): number =>
  Math.min(3_600_000, 5_000 * 4 ** (tries - 1)) * (0.5 + Math.random() / 2);

/**
 * Tells each target, until it is stopped: in order, each message until it was taken, for a day. A message that was taken
 * while the connection broke is sent once more, with the same id.
 */
export function startTelling(context: Context, options: TellOptions): { stop(): Promise<void> } {
  const [stopping, cutting] = [new AbortController(), new AbortController()];
  const loop = work(context, options, { stopped: stopping.signal, cut: cutting.signal });
  return {
    async stop() {
      stopping.abort();
      const timer = setTimeout(() => cutting.abort(), FINISH_MS);
      await loop.finally(() => clearTimeout(timer));
    },
  };
}

async function work(context: Context, options: TellOptions, signals: Signals): Promise<void> {
  const { stopped } = signals;
  const { targets, gatherMs = GATHER_MS, everyMs = EVERY_MS } = options;
  const telling = targets.map((target) => tellTarget(context, target, options, signals));
  while (!stopped.aborted) {
    const more = await followLedger(context, targets, gatherMs).catch((error: unknown) => {
      context.log.error({ err: error }, 'what there is to tell could not be looked at; it is tried again');
      return false;
    });
    if (!more) await sleep(everyMs, undefined, { signal: stopped, ref: false }).catch(() => {});
  }
  await Promise.all(telling);
}

/** Each at its own pace: one that is away holds up no other. */
async function tellTarget(context: Context, target: TellTarget, options: TellOptions, signals: Signals): Promise<void> {
  const { stopped } = signals;
  const { everyMs = EVERY_MS, backoffMs = usualBackoff } = options;
  while (!stopped.aborted) {
    const more = await tellFirst(context, target, backoffMs, signals.cut).catch((error: unknown) => {
      context.log.error({ err: error, target: target.name }, 'a message could not be looked at; it is tried again');
      return false;
    });
    if (!more) await sleep(everyMs, undefined, { signal: stopped, ref: false }).catch(() => {});
  }
}

/** False: there is nothing to tell it now. */
async function tellFirst(
  context: Context,
  target: TellTarget,
  backoffMs: (tries: number) => number,
  cut: AbortSignal,
): Promise<boolean> {
  const { clock, log } = context;
  const row = await holdFirst(context, target.name);
  if (row === null) return false;
  const about = { target: target.name, message: row.message_id, tries: row.tries };
  if (row.created_at <= clock() - OLDEST_MS) {
    log.error(about, 'a message is given up: its target has not taken it for a day');
    await takeOut(context, row);
    return true;
  }
  const refused = await deliver(target, { id: row.message_id, body: row.body_json, at: clock() }, cut);
  if (refused === null) {
    await takeOut(context, row);
    return true;
  }
  // A stop is no try of the target’s.
  if (cut.aborted) {
    await putBack(context, row, row.tries, row.due_at);
    return false;
  }
  const tries = row.tries + 1;
  const waitMs = Math.max(backoffMs(tries), refused.waitMs);
  log.warn(
    { ...about, tries, why: refused.why, waitMs: Math.round(waitMs) },
    'a target did not take a message; it is tried again',
  );
  await putBack(context, row, tries, clock() + waitMs);
  return false;
}

async function deliver(
  target: TellTarget,
  message: { readonly id: string; readonly body: string; readonly at: number },
  cut: AbortSignal,
): Promise<Refused> {
  if (target.kind === 'webhook') return postWebhook(target, message, cut);
  // A server that sends no mail does without the library.
  const { sendMail } = await import('./mail.ts');
  return sendMail(target, message, cut);
}
