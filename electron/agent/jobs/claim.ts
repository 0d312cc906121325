import type { ParsedJob } from '../../../shared/job.ts';
import { instant } from '../../work/clock.ts';
import type { Run } from '../journal/run.ts';
import type { Grant } from '../lease/messages.ts';
import { grantOf } from '../lease/grant.ts';
import { idempotencyKey } from '../server/idempotency-key.ts';
import { crashPoint } from './crash-point.ts';
import { reactionTo } from '../server/reactions.ts';
import type { Offer } from '../server/offer.ts';
import { createRetryBudget } from '../server/retry.ts';
import type { AgentServices } from './services.ts';
import { retryWhileDiskFull } from './retry-while-disk-full.ts';

export type ClaimedRun = Run & { readonly job: ParsedJob; readonly lockToken: string };

type ClaimResult =
  | { readonly kind: 'claimed'; readonly run: ClaimedRun; readonly grant: Grant }
  /** Somebody else has it, or it is gone. */
  | { readonly kind: 'left' }
  /** No definite answer before `signal`: the intent stays in the journal and is asked again at the next start. */
  | { readonly kind: 'unknown' };

/** Writes the intent to claim an offer. `runId` is the fresh claim id that the idempotency key is made of. */
export function recordClaimIntent(
  { clock, journal, uuid }: Pick<AgentServices, 'clock' | 'journal' | 'uuid'>,
  offer: Offer,
  jobType: Run['jobType'],
): Run {
  const runId = uuid();
  const run = {
    runId,
    jobId: offer.jobId,
    assetUuid: offer.assetUuid,
    jobType,
    sourcePath: offer.sourcePath,
    claimKey: idempotencyKey({ jobId: offer.jobId, secret: runId, step: 'claim' }),
    claimedAt: instant(clock),
  };
  journal.begin(run);
  crashPoint('claim-intended');
  return { ...run, phase: 'claiming' };
}

/** A claim that was given up is not tried again before this; a lease that was granted after all lapses meanwhile. */
const AFTER_GIVING_UP_MS = 10 * 60_000;

/**
 * Asks for the lease until the answer is definite, always with the same key, and writes the receipt. A claim that gets
 * nothing of use must not hold its slot for ever: it is given up for a while.
 */
export async function claim(services: AgentServices, run: Run, signal: AbortSignal): Promise<ClaimResult> {
  const backoff = services.connection.backoff();
  const budget = createRetryBudget(services.clock);
  while (!signal.aborted) {
    const reply = await services.client.claim(run.jobId, run.claimKey, signal);
    if (signal.aborted && reply.answer !== 'ok') break;
    services.connection.note(reply);
    const reaction = reactionTo('claim', reply.answer, reply.error?.code);
    if (reply.answer === 'ok') {
      const { offer, lockToken, lockedUntil } = reply.body;
      if (lockToken !== undefined) {
        const claimed: ClaimedRun = { ...run, phase: 'claimed', job: offer.job, lockToken };
        await retryWhileDiskFull(services, signal, () => services.journal.change(run.runId, claimed));
        crashPoint('claim-answered');
        return { kind: 'claimed', run: claimed, grant: grantOf(reply, lockedUntil) };
      }
    } else if (reaction !== 'retry' && reaction !== 'ask-for-token') {
      await retryWhileDiskFull(services, signal, () => services.journal.forget(run.runId));
      services.log.info({ job_id: run.jobId, answer: reply.answer }, 'offer left to others');
      return { kind: 'left' };
    }
    if (budget.spent(reply) !== null) return giveUpClaim(services, run, reply.summary, signal);
    await services.connection.waitBeforeRetry(reply, signal, backoff);
  }
  return { kind: 'unknown' };
}

async function giveUpClaim(services: AgentServices, run: Run, why: string, signal: AbortSignal): Promise<ClaimResult> {
  const until = new Date(services.clock.now() + AFTER_GIVING_UP_MS).toISOString();
  await retryWhileDiskFull(services, signal, () => {
    services.journal.holdOff(run.jobId, until);
    services.journal.forget(run.runId);
  });
  services.log.warn({ job_id: run.jobId, answer: why }, 'the server cannot answer this claim; it is tried again later');
  return { kind: 'left' };
}
