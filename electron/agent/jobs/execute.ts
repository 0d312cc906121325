import { createHash } from 'node:crypto';
import { failure, FAILURES, JobFailure, type Failure } from '../../../shared/failure.ts';
import type { Job } from '../../../shared/job.ts';
import { instant } from '../../work/clock.ts';
import type { ExecutionOutcome, ExecutionReport, ExecutionSuccess } from '../../work/execution.ts';
import { executorFor } from '../../work/executors/registry.ts';
import { isDiskFull } from '../../work/storage/disk-full.ts';
import type { Lease } from '../lease/leases.ts';
import type { JobProcesses } from '../../work/process/child.ts';
import type { OpenSource } from '../../work/storage/open-source.ts';
import { whenAborted } from './when-aborted.ts';
import { createWorkspace } from '../../work/workspace/workspace.ts';
import type { Claimed } from './claim.ts';
import { diskFull } from './disk-full.ts';
import type { Parts } from './parts.ts';

interface ExecuteDeps {
  readonly parts: Parts;
  readonly run: Claimed;
  readonly job: Job;
  readonly lease: Lease;
  readonly processes: JobProcesses;
  readonly source: OpenSource;
  /** Aborted with any reason to stop. */
  readonly signal: AbortSignal;
}

/** Runs the executor of a job in its workspace and turns whatever happens into an outcome. Never rejects. */
export async function execute(deps: ExecuteDeps): Promise<ExecutionOutcome> {
  const startedAt = deps.parts.clock.monotonic();
  try {
    const success = await runExecutor(deps);
    if (!(await deps.parts.roots.unchanged(deps.job.sourcePath, deps.source))) {
      const message = 'The source was modified while it was being read; the result was discarded.';
      return failed(failure('SOURCE_CHANGED', message));
    }
    const metrics = { ...commonMetrics(deps, startedAt), ...success.metrics };
    return { kind: 'success', success: { ...success, metrics } };
  } catch (error) {
    return failed(await judged(asFailure(error, deps), deps));
  }
}

/**
 * A tool cannot tell a bad file from a share that went away, or from a file that was being replaced while it read:
 * before a file is called unreadable for good, its root and its identity are looked at again.
 */
async function judged(value: Failure, { parts, job, source, signal }: ExecuteDeps): Promise<Failure> {
  if (value.retryable || FAILURES[value.code].fault !== 'file' || signal.aborted) return value;
  const look = await parts.roots.look(job.sourcePath);
  if (look.kind === 'root-unavailable') {
    return failure('STORAGE_UNAVAILABLE', `The media folder “${look.root}” went away while the source was being read.`);
  }
  const same = await parts.roots.unchanged(job.sourcePath, source).catch(() => true);
  return same ? value : failure('SOURCE_CHANGED', 'The source was modified while it was being read.');
}

async function runExecutor(deps: ExecuteDeps): Promise<ExecutionSuccess> {
  const { parts, run, source } = deps;
  const executor = executorFor(parts.executors, deps.job.jobType);
  await Promise.race([parts.toolsKnown, whenAborted(deps.signal)]);
  const tools = parts.toolbox();
  if (executor === undefined || tools === null) {
    throw new JobFailure(failure('ENGINE_UNAVAILABLE', 'The tools for this job are not available on this machine.'));
  }
  const workspace = await createWorkspace(parts.workFolder, run.runId);
  return executor.execute({
    job: deps.job,
    source: source.source,
    workspace,
    tools,
    encoder: parts.settings().encoder,
    ...(parts.hardware === undefined ? {} : { hardware: parts.hardware }),
    processes: deps.processes,
    signal: deps.signal,
    report: reporter(deps),
  });
}

function reporter({ parts, run, lease }: ExecuteDeps): ExecutionReport {
  let highest = 0;
  return {
    stage(stage, encoder, pace) {
      lease.note({ stage });
      const at = instant(parts.clock);
      parts.store.emit({
        type: 'stageEntered',
        at,
        jobId: run.jobId,
        stage,
        ...(encoder === undefined ? {} : { encoder }),
        ...(pace === undefined ? {} : { pace }),
      });
      parts.jobLogs.add(run.jobId, { at, level: 'info', message: `stage: ${stage}` });
    },
    progress(fraction) {
      const progress = Math.min(1, Math.max(0, fraction));
      if (!(progress > highest)) return;
      highest = progress;
      lease.note({ progress });
      parts.store.emit({ type: 'progressMade', jobId: run.jobId, progress });
    },
    log(level, message) {
      parts.jobLogs.add(run.jobId, { at: instant(parts.clock), level, message });
    },
  };
}

function commonMetrics({ parts, source }: ExecuteDeps, startedAt: number): Record<string, unknown> {
  const tools = parts.toolbox();
  return {
    wall_ms: Math.round(parts.clock.monotonic() - startedAt),
    source_bytes_read: source.source.sizeBytes,
    tool_versions: {
      agent: parts.version,
      ...(tools === null ? {} : { ffmpeg: tools.ffmpeg.version, ffprobe: tools.ffprobe.version }),
    },
  };
}

function failed(value: Failure): ExecutionOutcome {
  return { kind: 'failure', failure: value };
}

/** Errors of the disk have codes of their own; what nobody foresaw is INTERNAL and keeps its stack for the log only. */
function asFailure(error: unknown, { parts, run }: ExecuteDeps): Failure {
  if (error instanceof JobFailure) return error.failure;
  if (isDiskFull(error)) return diskFull(parts);
  parts.log.error({ job_id: run.jobId, err: error }, 'executor failed unexpectedly');
  return failure(
    'INTERNAL',
    `The agent met an unexpected error: ${error instanceof Error ? error.message : String(error)}.`,
  );
}

/** What must be the same for kept work to be delivered again: the job's inputs and the source's identity. */
export function fingerprintOf(job: Job, source: OpenSource): string {
  const { jobId: _jobId, priority: _priority, ...inputs } = job;
  return createHash('sha256')
    .update(JSON.stringify([inputs, source.source.path, source.identity]))
    .digest('hex');
}
