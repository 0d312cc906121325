import { failure, JobFailure, type Failure } from '../../../shared/failure.ts';
import type { Ending } from '../../../shared/snapshot.ts';
import { instant } from '../../work/clock.ts';
import { crashPoint } from './crash-point.ts';
import type { ExecutionOutcome, ExecutionSuccess } from '../../work/execution.ts';
import { isDiskFull } from '../../work/storage/disk-full.ts';
import type { Report } from '../journal/run.ts';
import type { Reply } from '../server/client.ts';
import { idempotencyKey } from '../server/idempotency-key.ts';
import { failBody } from '../server/dialect.ts';
import { submitBody } from '../server/submit-body.ts';
import { endedArtifacts } from './ended-artifacts.ts';
import { insistOnReport, type Definite } from './insist.ts';
import { uploadArtifact, type UploadDeps, type UploadInterruption } from './upload.ts';

/** How a delivery came out. `interrupted`: the agent stops; the run stays in the journal and goes on at the next start. */
export type Delivered =
  | { readonly kind: 'reported'; readonly ending: Ending; readonly report: string }
  | { readonly kind: UploadInterruption };

/**
 * Brings the outcome of a run to the server: uploads in order, then exactly one report. Each step leaves its receipt
 * in the journal before the next, so that a restart goes on where this one stopped.
 */
export async function deliver(deps: UploadDeps, outcome: ExecutionOutcome): Promise<Delivered> {
  if (outcome.kind === 'failure') return reportFailure(deps, outcome.failure);
  const stoppable = { ...deps, signal: AbortSignal.any([deps.signal, deps.lease.cancelled]) };
  const refs = await uploadAll(stoppable, outcome.success).catch((error: unknown) => whyNotUploaded(deps, error));
  const leaseIsOver = 'kind' in refs && refs.kind !== 'interrupted';
  if (!leaseIsOver && isCancelled(deps)) return becomeFailure(deps, CANCELLED);
  if (Array.isArray(refs)) return reportSuccess(deps, outcome.success, refs);
  return 'code' in refs ? becomeFailure(deps, refs) : refs;
}

const CANCELLED = failure('CANCELLED', 'The job was cancelled before its result was handed in.');

/**
 * Somebody does not want the result any more. Once the report was fixed it may have reached the server, which then keeps
 * it: only its answer counts.
 */
function isCancelled({ lease, run, signal }: UploadDeps): boolean {
  return lease.cancelled.aborted && !signal.aborted && run.report === undefined;
}

/** A full disk passes and a stopping agent goes on later; anything else that breaks an upload ends its job. */
function whyNotUploaded(deps: UploadDeps, error: unknown): Failure {
  const { parts, run, signal } = deps;
  if (isCancelled(deps)) return CANCELLED;
  if (error instanceof JobFailure) return error.failure;
  if (isDiskFull(error) || signal.aborted) throw error;
  parts.log.error({ job_id: run.jobId, err: error }, 'upload failed unexpectedly');
  const reason = error instanceof Error ? error.message : String(error);
  return failure('UPLOAD_FAILED', `The finished files cannot be read again: ${reason}.`);
}

async function uploadAll(
  deps: UploadDeps,
  success: ExecutionSuccess,
): Promise<string[] | { readonly kind: UploadInterruption }> {
  if (success.artifacts.length > 0) enter(deps, 'uploading');
  const refs: string[] = [];
  for (const [index, artifact] of success.artifacts.entries()) {
    const uploaded = await uploadArtifact(deps, index, artifact);
    if (uploaded.kind !== 'uploaded') return uploaded;
    refs.push(uploaded.ref);
  }
  return refs;
}

async function reportSuccess(deps: UploadDeps, success: ExecutionSuccess, refs: readonly string[]): Promise<Delivered> {
  const { parts, run, lease } = deps;
  enter(deps, 'reporting');
  const made = submitBody(lease.lockToken, success, refs);
  if (made.kind === 'unfit') {
    const message = `The result does not fit the protocol at ${made.where}: ${made.why}.`;
    return becomeFailure(deps, failure('OUTPUT_INVALID', message));
  }
  const report = fixReport(deps, 'submit', made.body);
  const answer = await send(deps, 'submit', report, (signal) =>
    parts.client.submit(run.jobId, report.body, report.key, signal),
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
      return becomeFailure(deps, failure('OUTPUT_INVALID', message, undefined, { retryable: false }));
    }
  }
}

/** The outcome turned: what is owed now is a failure. Written before it is sent, like any other outcome. */
function becomeFailure(deps: UploadDeps, value: Failure): Promise<Delivered> {
  deps.parts.journal.change(deps.run.runId, { outcome: { kind: 'failure', failure: value } });
  return reportFailure(deps, value);
}

async function reportFailure(deps: UploadDeps, value: Failure): Promise<Delivered> {
  const { parts, run, lease } = deps;
  enter(deps, 'reporting');
  const report = fixReport(deps, 'fail', failBody(lease.lockToken, value));
  const answer = await send(deps, 'fail', report, (signal) =>
    parts.client.fail(run.jobId, report.body, report.key, { signal }),
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
  { parts, run, lease, signal }: UploadDeps,
  call: Report['call'],
  report: Report,
  once: (signal: AbortSignal) => Promise<Reply<T>>,
): Promise<Definite<T>> {
  const context = { connection: parts.connection, clock: parts.clock, lease, signal };
  const answer = await insistOnReport(context, call, report === run.report, once);
  if (answer.reaction === 'lease-lost' && !lease.lost.aborted)
    parts.log.warn({ job_id: run.jobId }, 'the server does not answer this report; its lease is left to lapse');
  crashPoint('report-answered');
  return answer;
}

export function endingOf(value: Failure): Ending {
  if (value.code === 'CANCELLED') return { kind: 'cancelled' };
  const givenBack = ['SOURCE_GROWING', 'AGENT_SHUTDOWN', 'PREEMPTED'].includes(value.code);
  return { kind: givenBack ? 'given-back' : 'failed', failure: value };
}

/** Fixes the bytes and the key of a report before its first try; after a restart the same ones are found again. */
function fixReport({ parts, run, lease }: UploadDeps, call: Report['call'], body: string): Report {
  const key = idempotencyKey({ jobId: run.jobId, secret: lease.lockToken, step: call });
  if (run.report?.call === call && run.report.key === key) return run.report;
  const report: Report = { call, body, key };
  parts.journal.change(run.runId, { report });
  crashPoint('report-fixed');
  return report;
}

function enter({ parts, run, lease }: UploadDeps, stage: 'uploading' | 'reporting'): void {
  lease.note({ stage });
  parts.store.emit({ type: 'stageEntered', at: instant(parts.clock), jobId: run.jobId, stage });
}
