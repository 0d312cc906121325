import type { Lease } from '../lease/leases.ts';
import type { Reply } from '../server/client.ts';
import { reactionTo, type CallName, type Reaction } from '../server/reactions.ts';
import type { Connection } from '../connection.ts';

export type Definite<T> =
  | { readonly reaction: 'accept'; readonly body: T | undefined; readonly reply: Reply<T> }
  | { readonly reaction: Exclude<Reaction, 'accept' | 'retry' | 'ask-for-token'>; readonly reply: Reply<T> }
  /** The lease was lost, or `signal` aborted, before a definite answer came. */
  | { readonly reaction: 'lease-lost' | 'interrupted'; readonly reply?: undefined };

/**
 * Sends one write until it has a definite answer: before every try the lease is confirmed; silence, 429, 5xx and a
 * refused token wait and send the same bytes with the same key again (protocol.md, "Answers and reactions").
 */
export async function insist<T>(
  deps: { readonly connection: Connection; readonly lease: Lease; readonly signal: AbortSignal },
  call: CallName,
  send: (signal: AbortSignal) => Promise<Reply<T>>,
): Promise<Definite<T>> {
  const { connection, lease } = deps;
  const signal = AbortSignal.any([deps.signal, lease.lost]);
  for (;;) {
    if ((await lease.confirm(deps.signal)) === 'lost')
      return { reaction: deps.signal.aborted ? 'interrupted' : 'lease-lost' };
    const reply = await send(signal);
    if (signal.aborted) return { reaction: lease.lost.aborted ? 'lease-lost' : 'interrupted' };
    connection.note(reply);
    const reaction = reactionTo(call, reply.answer, reply.error?.code);
    if (reaction === 'accept') return { reaction, body: reply.answer === 'ok' ? reply.body : undefined, reply };
    if (reaction !== 'retry' && reaction !== 'ask-for-token') return { reaction, reply };
    await connection.pause(reply, signal);
  }
}
