import type { ParsedJob } from '../../../shared/job.ts';
import type { Run } from '../journal/run.ts';
import type { Grant } from '../lease/messages.ts';
import { grantOf } from '../lease/grant.ts';
import { idempotencyKey } from '../server/idempotency-key.ts';
import { crashPoint } from './crash-point.ts';
import { reactionTo } from '../server/reactions.ts';
import type { Offer } from '../server/offer.ts';
import { createPatience } from '../server/retry.ts';
import type { Parts } from './parts.ts';
import { whenThereIsRoom } from './room.ts';

export type Claimed = Run & { readonly job: ParsedJob; readonly lockToken: string };

type ClaimResult =
  | { readonly kind: 'claimed'; readonly run: Claimed; readonly grant: Grant }
  /** Somebody else has it, or it is gone. */
  | { readonly kind: 'left' }
  /** No definite answer before `signal`: the intent stays in the journal and is asked again at the next start. */
  | { readonly kind: 'unknown' };

/** Writes the intent to claim an offer. `runId` is the fresh claim id that the idempotency key is made of. */
export function intendToClaim(parts: Parts, offer: Offer, jobType: Run['jobType']): Run {
  const runId = parts.uuid();
  const run = {
    runId,
    jobId: offer.jobId,
    assetUuid: offer.assetUuid,
    jobType,
    sourcePath: offer.sourcePath,
    claimKey: idempotencyKey({ jobId: offer.jobId, secret: runId, step: 'claim' }),
    claimedAt: new Date(parts.clock.now()).toISOString(),
  };
  parts.journal.begin(run);
  crashPoint('claim-intended');
  return { ...run, phase: 'claiming' };
}

/** A claim that was given up is not tried again before this; a lease that was granted after all lapses meanwhile. */
const AFTER_GIVING_UP_MS = 10 * 60_000;

/**
 * Asks for the lease until the answer is definite, always with the same key, and writes the receipt. A claim that gets
 * nothing of use must not hold its slot for ever: it is given up for a while.
 */
export async function claim(parts: Parts, run: Run, signal: AbortSignal): Promise<ClaimResult> {
  const backoff = parts.connection.backoff();
  const patience = createPatience(parts.clock);
  while (!signal.aborted) {
    const reply = await parts.client.claim(run.jobId, run.claimKey, signal);
    if (signal.aborted && reply.answer !== 'ok') break;
    parts.connection.note(reply);
    const reaction = reactionTo('claim', reply.answer, reply.error?.code);
    if (reply.answer === 'ok') {
      const { offer, lockToken, lockedUntil } = reply.body;
      if (lockToken !== undefined) {
        const claimed: Claimed = { ...run, phase: 'claimed', job: offer.job, lockToken };
        await whenThereIsRoom(parts, signal, () => parts.journal.change(run.runId, claimed));
        crashPoint('claim-answered');
        return { kind: 'claimed', run: claimed, grant: grantOf(reply, lockedUntil) };
      }
    } else if (reaction !== 'retry' && reaction !== 'ask-for-token') {
      await whenThereIsRoom(parts, signal, () => parts.journal.forget(run.runId));
      parts.log.info({ job_id: run.jobId, answer: reply.answer }, 'offer left to others');
      return { kind: 'left' };
    }
    if (patience.spent(reply) !== null) return giveUpClaim(parts, run, reply.summary, signal);
    await parts.connection.pause(reply, signal, backoff);
  }
  return { kind: 'unknown' };
}

async function giveUpClaim(parts: Parts, run: Run, why: string, signal: AbortSignal): Promise<ClaimResult> {
  const until = new Date(parts.clock.now() + AFTER_GIVING_UP_MS).toISOString();
  await whenThereIsRoom(parts, signal, () => {
    parts.journal.holdOff(run.jobId, until);
    parts.journal.forget(run.runId);
  });
  parts.log.warn({ job_id: run.jobId, answer: why }, 'the server cannot answer this claim; it is tried again later');
  return { kind: 'left' };
}
