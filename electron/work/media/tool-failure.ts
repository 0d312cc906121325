import { assertNever } from '../../../shared/assert-never.ts';
import { failure, type Failure, type FailureCode } from '../../../shared/failure.ts';
import type { ChildResult } from '../process/child.ts';

/** What a report says about the tool that failed: its command, its last lines and how it ended. */
export function toolDetail(result: ChildResult): NonNullable<Failure['detail']> {
  return {
    command: [...result.command],
    lastLines: result.stderrTail.filter((line) => !line.includes('[verbose]')).slice(-40),
    ...(result.end.kind === 'exited' ? { exitCode: result.end.code } : {}),
    ...(result.end.kind === 'signalled' ? { signal: result.end.signal } : {}),
  };
}

/**
 * The failure for a tool run that did not do its work.
 * @param code for an exit code or a crash of the tool: what this run was for, such as RENDER_FAILED.
 * @param activity begins the sentence, such as “Rendering the thumbnail”.
 */
export function toolFailure(result: ChildResult, code: FailureCode, activity: string): Failure {
  const detail = toolDetail(result);
  const { end } = result;
  switch (end.kind) {
    case 'exited':
      if (result.stderrTail.some((line) => line.includes('No space left on device'))) return diskFull(activity, detail);
      return failure(code, `${activity} failed (the tool ended with code ${end.code}).`, detail);
    case 'signalled':
      return failure(code, `${activity} failed: the tool crashed (${end.signal}).`, detail);
    case 'cancelled':
    case 'killed':
      return failure('CANCELLED', `${activity} was stopped.`, detail);
    case 'timed-out':
      return failure('TIMEOUT', `${activity} took longer than ${Math.round(end.afterMs / 1000)} s.`, detail);
    case 'stalled':
      return failure('STALLED', `${activity} made no progress for ${Math.round(end.afterMs / 1000)} s.`, detail);
    case 'out-of-memory':
      return failure('OUT_OF_MEMORY', `${activity} needed more memory than allowed.`, detail);
    case 'too-much-output':
      return failure(code, `${activity} failed: the tool wrote more than can be right.`, detail);
    case 'consumer-failed':
      if (end.diskFull) return diskFull(activity, detail);
      return failure(code, `${activity} failed: ${end.message}`, detail);
    case 'not-started':
      return failure(
        'ENGINE_UNAVAILABLE',
        `${activity} failed: the tool could not be started (${end.message}).`,
        detail,
      );
    default:
      return assertNever(end);
  }
}

function diskFull(activity: string, detail: NonNullable<Failure['detail']>): Failure {
  return failure('DISK_FULL', `${activity} failed: the work folder’s disk is full.`, detail);
}
