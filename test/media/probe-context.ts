import { execFileSync } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from '../../electron/work/execution.ts';
import type { JobProcesses } from '../../electron/work/process/child.ts';
import { createJobProcesses } from '../../electron/work/process/job-processes.ts';
import { isJobType, type JobOf, type JobType } from '../../shared/job.ts';
import { FFMPEG, FFPROBE } from '../support/made-media.ts';

/** Absolute path of a program, as the agent's toolbox holds it. */
function located(program: string): string {
  return program.includes('/') ? program : execFileSync('which', [program], { encoding: 'utf8' }).trim();
}

/** An executor's, with the children whole: a test looks whether any is left. */
type RigContext<T extends JobType> = ExecutionContext<T> & { readonly processes: JobProcesses };

export interface Rig<T extends JobType> extends AsyncDisposable {
  readonly context: RigContext<T>;
  /** Everything reported, in order: stage names and fractions. */
  readonly reported: (string | number)[];
  remove(): Promise<void>;
}

/** What run-job gives an executor, in small: an opened source, an empty folder, real children. */
export async function rigFor<T extends JobType>(
  jobType: T,
  path: string,
  inputs: Partial<JobOf<T>> = {},
): Promise<Rig<T>> {
  if (!isJobType(jobType)) throw new Error(jobType);
  const fd = openSync(path, 'r');
  const stat = fstatSync(fd);
  const workspace = await mkdtemp(join(tmpdir(), 'rushcatalog-test-'));
  const reported: (string | number)[] = [];
  const job = {
    jobId: '11111111-1111-4111-8111-111111111111',
    assetUuid: '22222222-2222-4222-8222-222222222222',
    requiredCapabilities: [],
    sourcePath: path,
    priority: 0,
    jobType,
    ...inputs,
  } as unknown as JobOf<T>;
  const context: RigContext<T> = {
    job,
    source: { path, fd, input: '/dev/fd/3', sizeBytes: stat.size, mtimeMs: stat.mtimeMs },
    workspace,
    tools: {
      ffmpeg: { path: located(FFMPEG), version: 'test' },
      ffprobe: { path: located(FFPROBE), version: 'test' },
    },
    encoder: 'software',
    processes: createJobProcesses({ runId: 'test', owner: 'test', jobId: 'test', nice: 0 }),
    signal: new AbortController().signal,
    report: {
      stage: (stage) => reported.push(stage),
      progress: (fraction) => reported.push(fraction),
      log: () => undefined,
    },
  };
  const remove = async (): Promise<void> => {
    closeSync(fd);
    await rm(workspace, { recursive: true, force: true });
  };
  return { context, reported, remove, [Symbol.asyncDispose]: remove };
}
