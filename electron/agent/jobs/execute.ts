import { createHash } from 'node:crypto';
import { failure, FAILURES, JobFailure, type Failure } from '../../../shared/failure.ts';
import type { Job } from '../../../shared/job.ts';
import { defined } from '../../../shared/objects.ts';
import { instant, whenAborted } from '../../work/clock.ts';
import type { ExecutionOutcome, ExecutionReport, ExecutionSuccess } from '../../work/execution.ts';
import { executorFor } from '../../work/executors/registry.ts';
import { isDiskFull } from '../../../shared/disk-full.ts';
import type { OpenSource } from '../../work/storage/open-source.ts';
import { createWorkspace } from '../../work/workspace/workspace.ts';
import { diskFull } from './disk-full.ts';
import type { RunContext } from './run-context.ts';

interface ExecuteContext extends RunContext {
  readonly job: Job;
  readonly source: OpenSource;
}

/** Runs the executor of a job in its workspace and turns whatever happens into an outcome. Never rejects. */
export async function execute(context: ExecuteContext): Promise<ExecutionOutcome> {
  const startedAt = context.clock.monotonic();
  try {
    const success = await runExecutor(context);
    if (!(await context.roots.unchanged(context.job.sourcePath, context.source))) {
      const message = 'The source was modified while it was being read; the result was discarded.';
      return failed(failure('SOURCE_CHANGED', message));
    }
    const metrics = { ...commonMetrics(context, startedAt), ...success.metrics };
    return { kind: 'success', success: { ...success, metrics } };
  } catch (error) {
    return failed(await judged(asFailure(error, context), context));
  }
}

/**
 * A tool cannot tell a bad file from a share that went away, or from a file that was being replaced while it read:
 * before a file is called unreadable for good, its root and its identity are looked at again.
 */
async function judged(value: Failure, { roots, job, source, stop }: ExecuteContext): Promise<Failure> {
  if (value.retryable || FAILURES[value.code].fault !== 'file' || stop.aborted) return value;
  const look = await roots.look(job.sourcePath);
  if (look.kind === 'root-unavailable') {
    return failure('STORAGE_UNAVAILABLE', `The media folder “${look.root}” went away while the source was being read.`);
  }
  const same = await roots.unchanged(job.sourcePath, source).catch(() => true);
  return same ? value : failure('SOURCE_CHANGED', 'The source was modified while it was being read.');
}

async function runExecutor(context: ExecuteContext): Promise<ExecutionSuccess> {
  const { executors, hardware, run, settings, source, stop } = context;
  const executor = executorFor(executors, context.job.jobType);
  await Promise.race([context.toolsKnown, whenAborted(stop)]);
  const tools = context.toolbox();
  if (executor === undefined || tools === null) {
    throw new JobFailure(failure('ENGINE_UNAVAILABLE', 'The tools for this job are not available on this machine.'));
  }
  const workspace = await createWorkspace(context.workFolder, run.runId);
  return executor.execute({
    job: context.job,
    source: source.source,
    workspace,
    tools,
    encoder: settings().encoder,
    ...(hardware === undefined ? {} : { hardware }),
    processes: context.processes,
    probes: context.probes,
    readers: context.readers,
    signal: stop,
    report: reporter(context),
  });
}

function reporter({ clock, jobLogs, store, run, lease }: ExecuteContext): ExecutionReport {
  let highest = 0;
  return {
    stage(stage, encoder, pace) {
      lease.note({ stage });
      const at = instant(clock);
      store.emit({
        type: 'stageEntered',
        at,
        jobId: run.jobId,
        stage,
        ...defined({ encoder, pace }),
      });
      jobLogs.add(run.jobId, { at, level: 'info', message: `stage: ${stage}` });
    },
    progress(fraction) {
      const progress = Math.min(1, Math.max(0, fraction));
      if (!(progress > highest)) return;
      highest = progress;
      lease.note({ progress });
      store.emit({ type: 'progressMade', jobId: run.jobId, progress });
    },
    log(level, message) {
      jobLogs.add(run.jobId, { at: instant(clock), level, message });
    },
  };
}

function commonMetrics(
  { clock, source, toolbox, version }: ExecuteContext,
  startedAt: number,
): Record<string, unknown> {
  const tools = toolbox();
  return {
    wall_ms: Math.round(clock.monotonic() - startedAt),
    source_bytes_read: source.source.sizeBytes,
    tool_versions: {
      agent: version,
      ...(tools === null ? {} : { ffmpeg: tools.ffmpeg.version, ffprobe: tools.ffprobe.version }),
    },
  };
}

function failed(value: Failure): ExecutionOutcome {
  return { kind: 'failure', failure: value };
}

/** Errors of the disk have codes of their own; what nobody foresaw is INTERNAL and keeps its stack for the log only. */
function asFailure(error: unknown, context: ExecuteContext): Failure {
  if (error instanceof JobFailure) return error.failure;
  if (isDiskFull(error)) return diskFull(context);
  context.log.error({ job_id: context.run.jobId, err: error }, 'executor failed unexpectedly');
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
