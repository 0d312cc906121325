import { failure, JobFailure, type Failure } from '../../../shared/failure.ts';
import type { Ending } from '../../../shared/snapshot.ts';
import { instant } from '../../work/clock.ts';
import { crashPoint } from './crash-point.ts';
import type { ExecutionOutcome, ExecutionSuccess } from '../../work/execution.ts';
import { isDiskFull } from '../../../shared/disk-full.ts';
import type { Report } from '../journal/run.ts';
import type { Reply } from '../server/client.ts';
import { idempotencyKey } from '../server/idempotency-key.ts';
import { failBody } from '../server/dialect.ts';
import { submitBody } from '../server/submit-body.ts';
import { endedArtifacts } from './ended-artifacts.ts';
import { sendReportWithRetries, type DefiniteAnswer } from './send-with-retries.ts';
import type { DeliveryContext } from './run-context.ts';
import { uploadArtifact, type UploadInterruption } from './upload.ts';

/** How a delivery came out. `interrupted`: the agent stops; the run stays in the journal and goes on at the next start. */
export type Delivered =
  | { readonly kind: 'reported'; readonly ending: Ending; readonly report: string }
  | { readonly kind: UploadInterruption };

/**
 * Brings the outcome of a run to the server: uploads in order, then exactly one report. Each step leaves its receipt
 * in the journal before the next, so that a restart goes on where this one stopped.
 */
export async function deliver(context: DeliveryContext, outcome: ExecutionOutcome): Promise<Delivered> {
  if (outcome.kind === 'failure') return reportFailure(context, outcome.failure);
  const stoppable = { ...context, signal: AbortSignal.any([context.signal, context.lease.cancelled]) };
  const refs = await uploadAll(stoppable, outcome.success).catch((error: unknown) => whyNotUploaded(context, error));
  const leaseIsOver = 'kind' in refs && refs.kind !== 'interrupted';
  if (!leaseIsOver && isCancelled(context)) return becomeFailure(context, CANCELLED);
  if (Array.isArray(refs)) return reportSuccess(context, outcome.success, refs);
  return 'code' in refs ? becomeFailure(context, refs) : refs;
}

const CANCELLED = failure('CANCELLED', 'The job was cancelled before its result was handed in.');

/**
 * Somebody does not want the result any more. Once the report was fixed it may have reached the server, which then keeps
 * it: only its answer counts.
 */
function isCancelled({ lease, run, signal }: DeliveryContext): boolean {
  return lease.cancelled.aborted && !signal.aborted && run.report === undefined;
}

/** A full disk passes and a stopping agent goes on later; anything else that breaks an upload ends its job. */
function whyNotUploaded(context: DeliveryContext, error: unknown): Failure {
  const { log, run, signal } = context;
  if (isCancelled(context)) return CANCELLED;
  if (error instanceof JobFailure) return error.failure;
  if (isDiskFull(error) || signal.aborted) throw error;
  log.error({ job_id: run.jobId, err: error }, 'upload failed unexpectedly');
  const reason = error instanceof Error ? error.message : String(error);
  return failure('UPLOAD_FAILED', `The finished files cannot be read again: ${reason}.`);
}

async function uploadAll(
  context: DeliveryContext,
  success: ExecutionSuccess,
): Promise<string[] | { readonly kind: UploadInterruption }> {
  if (success.artifacts.length > 0) enter(context, 'uploading');
  const refs: string[] = [];
  for (const [index, artifact] of success.artifacts.entries()) {
    const uploaded = await uploadArtifact(context, index, artifact);
    if (uploaded.kind !== 'uploaded') return uploaded;
    refs.push(uploaded.ref);
  }
  return refs;
}

async function reportSuccess(
  context: DeliveryContext,
  success: ExecutionSuccess,
  refs: readonly string[],
): Promise<Delivered> {
  const { client, run, lease } = context;
  enter(context, 'reporting');
  const made = submitBody(lease.lockToken, success, refs);
  if (made.kind === 'unfit') {
    const message = `The result does not fit the protocol at ${made.where}: ${made.why}.`;
    return becomeFailure(context, failure('OUTPUT_INVALID', message));
  }
  const report = fixReport(context, 'submit', made.body);
  const answer = await send(context, 'submit', report, (signal) =>
    client.submit(run.jobId, report.body, report.key, signal),
  );
  switch (answer.reaction) {
    case 'accept':
      return {
        kind: 'reported',
        ending: { kind: 'done', artifacts: endedArtifacts(success, refs), warnings: success.warnings },
        report: report.body,
      };
    case 'lease-lost':
    case 'job-purged':
    case 'interrupted':
      return { kind: answer.reaction };
    default: {
      const details = JSON.stringify(answer.reply?.error?.details ?? null);
      const message = `The server refused the result: ${answer.reply?.summary ?? ''} ${details}`.slice(0, 2_000);
      return becomeFailure(context, failure('OUTPUT_INVALID', message, undefined, { retryable: false }));
    }
  }
}

/** The outcome turned: what is owed now is a failure. Written before it is sent, like any other outcome. */
function becomeFailure(context: DeliveryContext, value: Failure): Promise<Delivered> {
  context.journal.change(context.run.runId, { outcome: { kind: 'failure', failure: value } });
  return reportFailure(context, value);
}

async function reportFailure(context: DeliveryContext, value: Failure): Promise<Delivered> {
  const { client, run, lease } = context;
  enter(context, 'reporting');
  const report = fixReport(context, 'fail', failBody(lease.lockToken, value));
  const answer = await send(context, 'fail', report, (signal) =>
    client.fail(run.jobId, report.body, report.key, { signal }),
  );
  switch (answer.reaction) {
    case 'lease-lost':
    case 'job-purged':
    case 'interrupted':
      return { kind: answer.reaction };
    default:
      // `give-up` too: nothing more can be said about this job, its lease lapses.
      return { kind: 'reported', ending: endingOf(value), report: report.body };
  }
}

async function send<T>(
  context: DeliveryContext,
  call: Report['call'],
  report: Report,
  attempt: (signal: AbortSignal) => Promise<Reply<T>>,
): Promise<DefiniteAnswer<T>> {
  const { lease, log, run } = context;
  const answer = await sendReportWithRetries(context, call, report === run.report, attempt);
  if (answer.reaction === 'lease-lost' && !lease.lost.aborted)
    log.warn({ job_id: run.jobId }, 'the server does not answer this report; its lease is left to lapse');
  crashPoint('report-answered');
  return answer;
}

export function endingOf(value: Failure): Ending {
  if (value.code === 'CANCELLED') return { kind: 'cancelled' };
  const givenBack = ['SOURCE_GROWING', 'AGENT_SHUTDOWN', 'PREEMPTED'].includes(value.code);
  return { kind: givenBack ? 'given-back' : 'failed', failure: value };
}

/** Fixes the bytes and the key of a report before its first try; after a restart the same ones are found again. */
function fixReport({ journal, run, lease }: DeliveryContext, call: Report['call'], body: string): Report {
  const key = idempotencyKey({ jobId: run.jobId, secret: lease.lockToken, step: call });
  if (run.report?.call === call && run.report.key === key) return run.report;
  const report: Report = { call, body, key };
  journal.change(run.runId, { report });
  crashPoint('report-fixed');
  return report;
}

function enter({ clock, store, run, lease }: DeliveryContext, stage: 'uploading' | 'reporting'): void {
  lease.note({ stage });
  store.emit({ type: 'stageEntered', at: instant(clock), jobId: run.jobId, stage });
}
