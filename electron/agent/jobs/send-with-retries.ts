import type { Clock } from '../../work/clock.ts';
import type { Lease } from '../lease/leases.ts';
import type { Reply } from '../server/client.ts';
import type { AnswerKind } from '../server/outcome.ts';
import { reactionTo, type CallName, type Reaction } from '../server/reactions.ts';
import { createRetryBudget } from '../server/retry.ts';
import type { Connection } from '../server/connection.ts';

export type DefiniteAnswer<T> =
  | { readonly reaction: 'accept'; readonly body: T | undefined; readonly reply: Reply<T> }
  | { readonly reaction: Exclude<Reaction, 'accept' | 'retry' | 'ask-for-token'>; readonly reply: Reply<T> }
  /** The lease was lost, or `signal` aborted, before a definite answer came. */
  | { readonly reaction: 'lease-lost' | 'interrupted'; readonly reply?: undefined };

interface RetryDeps {
  readonly connection: Connection;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

/** What a try that may have reached the server leaves open: it can have been carried out. */
const OPEN = new Set<AnswerKind>(['timeout', 'reset', '5xx', 'redirect', 'malformed']);

/** A server that was away for long may still have taken the report before; as long as results are kept by default. */
const REPORT_WITHOUT_LEASE_MS = 14 * 86_400_000;

/**
 * Sends one write until it has a definite answer: before every try the lease is confirmed; silence, 429, 5xx and a
 * refused token wait and send the same bytes with the same key again (protocol.md, "Answers and reactions"). A server
 * that prolongs the lease and answers this call alone with nothing of use gets the upload anew, which is done four
 * times; after an hour the upload counts as failed.
 */
export async function sendWithRetries<T>(
  deps: RetryDeps,
  call: CallName,
  send: (signal: AbortSignal) => Promise<Reply<T>>,
): Promise<DefiniteAnswer<T>> {
  const { connection, lease } = deps;
  const backoff = connection.backoff();
  const budget = createRetryBudget(deps.clock);
  const signal = AbortSignal.any([deps.signal, lease.lost]);
  while (!signal.aborted) {
    if ((await lease.confirm(deps.signal)) === 'lost') break;
    const reply = await send(signal);
    if (signal.aborted) return { reaction: lease.lost.aborted ? 'lease-lost' : 'interrupted' };
    connection.note(reply);
    const definite = definiteAnswer(call, reply);
    if (definite !== null) return definite;
    const spent = budget.spent(reply);
    if (spent !== null) return { reaction: spent === 'broken' ? 'begin-upload-anew' : 'upload-failed', reply };
    await connection.waitBeforeRetry(reply, signal, backoff);
  }
  return { reaction: deps.signal.aborted ? 'interrupted' : 'lease-lost' };
}

/**
 * Sends the one report of a job. An accepted report ends the lease, so from the first try on that may have arrived a
 * lost lease says nothing: the same bytes go again until the server answers (a repeat of an accepted report is
 * answered 200). `sentBefore`: an earlier life of the agent may have sent it. Where a server that prolongs the lease
 * does not decide within an hour, the lease is left to lapse, and finished work is kept.
 */
export async function sendReportWithRetries<T>(
  deps: RetryDeps,
  call: 'submit' | 'fail',
  sentBefore: boolean,
  send: (signal: AbortSignal) => Promise<Reply<T>>,
): Promise<DefiniteAnswer<T>> {
  const { connection, lease, signal } = deps;
  const backoff = connection.backoff();
  const budget = createRetryBudget(deps.clock);
  let mayHaveArrived = sentBefore;
  while (!signal.aborted) {
    const leaseState = await lease.confirm(signal);
    if (signal.aborted) break;
    if (leaseState === 'lost' && !mayHaveArrived) return { reaction: 'lease-lost' };
    const reply = await send(signal);
    if (signal.aborted) break;
    connection.note(reply);
    const definite = definiteAnswer(call, reply);
    if (definite !== null) return definite;
    mayHaveArrived ||= OPEN.has(reply.answer);
    const withinMs = leaseState === 'lost' ? REPORT_WITHOUT_LEASE_MS : undefined;
    if (budget.spent(reply, withinMs) === 'time') return { reaction: 'lease-lost' };
    await connection.waitBeforeRetry(reply, signal, backoff);
  }
  return { reaction: 'interrupted' };
}

function definiteAnswer<T>(call: CallName, reply: Reply<T>): DefiniteAnswer<T> | null {
  const reaction = reactionTo(call, reply.answer, reply.error?.code);
  if (reaction === 'accept') return { reaction, body: reply.answer === 'ok' ? reply.body : undefined, reply };
  return reaction === 'retry' || reaction === 'ask-for-token' ? null : { reaction, reply };
}
