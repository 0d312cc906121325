import type { Lease } from '../lease/leases.ts';
import type { Reply } from '../server/client.ts';
import type { AnswerKind } from '../server/outcome.ts';
import { reactionTo, type CallName, type Reaction } from '../server/reactions.ts';
import type { Connection } from '../connection.ts';

export type Definite<T> =
  | { readonly reaction: 'accept'; readonly body: T | undefined; readonly reply: Reply<T> }
  | { readonly reaction: Exclude<Reaction, 'accept' | 'retry' | 'ask-for-token'>; readonly reply: Reply<T> }
  /** The lease was lost, or `signal` aborted, before a definite answer came. */
  | { readonly reaction: 'lease-lost' | 'interrupted'; readonly reply?: undefined };

export interface InsistDeps {
  readonly connection: Connection;
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

/** What a try that may have reached the server leaves open: it can have been carried out. */
const OPEN = new Set<AnswerKind>(['timeout', 'reset', '5xx', 'redirect', 'malformed']);

/** 8 server errors in a row, 2 min of waiting on average: this upload breaks the server, which else would answer. */
const MAX_SERVER_ERRORS = 8;

/**
 * Sends one write until it has a definite answer: before every try the lease is confirmed; silence, 429, 5xx and a
 * refused token wait and send the same bytes with the same key again (protocol.md, "Answers and reactions"). A server
 * that answers with nothing but errors, while it prolongs the lease, gets the upload anew, which is done four times.
 */
export async function insist<T>(
  deps: InsistDeps,
  call: CallName,
  send: (signal: AbortSignal) => Promise<Reply<T>>,
): Promise<Definite<T>> {
  const { connection, lease } = deps;
  const backoff = connection.backoff();
  let serverErrors = 0;
  const signal = AbortSignal.any([deps.signal, lease.lost]);
  for (;;) {
    if ((await lease.confirm(deps.signal)) === 'lost')
      return { reaction: deps.signal.aborted ? 'interrupted' : 'lease-lost' };
    const reply = await send(signal);
    if (signal.aborted) return { reaction: lease.lost.aborted ? 'lease-lost' : 'interrupted' };
    connection.note(reply);
    const definite = definiteAnswer(call, reply);
    if (definite !== null) return definite;
    serverErrors = reply.answer === '5xx' && reply.status !== 503 ? serverErrors + 1 : 0;
    if (serverErrors >= MAX_SERVER_ERRORS) return { reaction: 'begin-upload-anew', reply };
    await connection.pause(reply, signal, backoff);
  }
}

/**
 * Sends the one report of a job. An accepted report ends the lease, so from the first try on that may have arrived a
 * lost lease says nothing: the same bytes go again until the server answers (a repeat of an accepted report is
 * answered 200). `sentBefore`: an earlier life of the agent may have sent it.
 */
export async function insistOnReport<T>(
  deps: InsistDeps,
  call: 'submit' | 'fail',
  sentBefore: boolean,
  send: (signal: AbortSignal) => Promise<Reply<T>>,
): Promise<Definite<T>> {
  const { connection, lease, signal } = deps;
  const backoff = connection.backoff();
  let mayHaveArrived = sentBefore;
  for (;;) {
    const standing = await lease.confirm(signal);
    if (signal.aborted) return { reaction: 'interrupted' };
    if (standing === 'lost' && !mayHaveArrived) return { reaction: 'lease-lost' };
    const reply = await send(signal);
    if (signal.aborted) return { reaction: 'interrupted' };
    connection.note(reply);
    const definite = definiteAnswer(call, reply);
    if (definite !== null) return definite;
    mayHaveArrived ||= OPEN.has(reply.answer);
    await connection.pause(reply, signal, backoff);
  }
}

function definiteAnswer<T>(call: CallName, reply: Reply<T>): Definite<T> | null {
  const reaction = reactionTo(call, reply.answer, reply.error?.code);
  if (reaction === 'accept') return { reaction, body: reply.answer === 'ok' ? reply.body : undefined, reply };
  return reaction === 'retry' || reaction === 'ask-for-token' ? null : { reaction, reply };
}
