import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { FAILURES, failure, JobFailure, type Failure, type Refusal } from '../../../shared/failure.ts';
import { CAPABILITY_OF, type JobOf, type JobType } from '../../../shared/job.ts';
import type { ProofState } from '../../../shared/capability-state.ts';
import type { ExecutionSuccess, Executor, ProfileProof, ProofSample, Source, Toolbox } from '../execution.ts';
import { leaveBehind, systemClock } from '../clock.ts';
import { toolFailure } from '../media/tool-failure.ts';
import type { ProgramRunner } from '../process/child.ts';
import { abortAfterActive, TRIAL_LIMITS } from '../process/watchdogs.ts';
import { sourceInput } from '../storage/source-input.ts';
import { createWorkspace, removeWorkspace } from '../workspace/workspace.ts';
import type { ProcessMaker } from './process-maker.ts';

export interface ProofDeps {
  readonly toolbox: Toolbox;
  readonly workFolder: string;
  readonly processes: ProcessMaker;
  readonly encoder: 'software' | 'auto';
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Aborting ends the proof as failed. */
  readonly signal?: AbortSignal;
  /** Of time in which it may run; default 180 s: a proof takes one or two, and a hundred times that at the lowest priority on a machine that renders. */
  readonly limitMs?: number;
}

export type FinishedProof = Extract<ProofState, { status: 'passed' | 'failed' }>;

const LIMIT_MS = 180_000;
/** After its children were killed an executor has nothing to wait for; one that still hangs is left behind. */
const LEAVE_BEHIND_MS = 5_000;

/**
 * The small real run that lets a capability be declared: makes the executor's sample with ffmpeg, opens it as a source,
 * runs that very executor in a workspace of its own and checks the result. Never rejects; leaves no file and no child.
 */
export async function proveCapability<T extends JobType>(
  executor: Executor<T>,
  deps: ProofDeps,
): Promise<FinishedProof> {
  const { what, sample, inputs, check } = executor.proof;
  return prove(executor, { what, samples: [sample], inputs, check }, deps);
}

/** The same for one more profile of a capability: each of its ways through the executor, until one fails. */
export async function proveProfile<T extends JobType>(
  executor: Executor<T>,
  profile: ProfileProof<T>,
  deps: ProofDeps,
): Promise<FinishedProof> {
  return prove(executor, { ...profile, what: profile.profile }, deps);
}

type Trial<T extends JobType> = Pick<ProfileProof<T>, 'samples' | 'inputs' | 'check'>;

async function prove<T extends JobType>(
  executor: Executor<T>,
  { what, ...trial }: Trial<T> & { readonly what: string },
  deps: ProofDeps,
): Promise<FinishedProof> {
  const startedAt = deps.now();
  let problem: Failure | null = null;
  for (const sample of trial.samples) problem ??= await attempt({ executor, ...trial, sample }, deps);
  const ran = { ranAt: new Date(startedAt).toISOString(), wallMs: Math.max(0, deps.now() - startedAt), what };
  return problem === null ? { status: 'passed', ...ran } : { status: 'failed', ...ran, reason: refusal(problem) };
}

interface Attempt<T extends JobType> extends Pick<ProfileProof<T>, 'inputs' | 'check'> {
  readonly executor: Executor<T>;
  readonly sample: ProofSample;
}

async function attempt<T extends JobType>(what: Attempt<T>, deps: ProofDeps): Promise<Failure | null> {
  const runId = `proof-${randomUUID()}`;
  const processes = deps.processes(runId);
  const limitMs = deps.limitMs ?? LIMIT_MS;
  // A proof that stands still for the editor is not late.
  const limit = abortAfterActive(limitMs, () => processes.suspended);
  const signal = deps.signal === undefined ? limit.signal : AbortSignal.any([limit.signal, deps.signal]);
  const stopped = (): Failure =>
    limit.signal.aborted
      ? failure('TIMEOUT', `The test was not finished within ${String(Math.round(limitMs / 1000))} s.`)
      : failure('CANCELLED', 'The test was stopped.');
  const onAbort = (): void => void processes.kill();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const folder = await createWorkspace(deps.workFolder, runId);
    const proof = runProof(what, deps, folder, processes, signal);
    const outcome = await leaveBehind(systemClock, LEAVE_BEHIND_MS, proof, { signal, late: null });
    return signal.aborted ? stopped() : outcome;
  } catch (error) {
    return signal.aborted ? stopped() : asFailure(error);
  } finally {
    signal.removeEventListener('abort', onAbort);
    limit.stop();
    await processes.kill();
    await removeWorkspace(join(deps.workFolder, 'runs', runId)).catch(() => undefined);
  }
}

async function runProof<T extends JobType>(
  what: Attempt<T>,
  deps: ProofDeps,
  folder: string,
  processes: ProgramRunner,
  signal: AbortSignal,
): Promise<Failure | null> {
  const sample = await makeSample(what.sample, deps.toolbox, processes, folder);
  const workspace = await createWorkspace(folder, 'proof');
  const source = await openSample(sample);
  try {
    const success = await what.executor.execute({
      job: proofJob(what, sample),
      source,
      workspace,
      tools: deps.toolbox,
      encoder: deps.encoder,
      processes,
      signal,
      report: { stage: () => undefined, progress: () => undefined, log: () => undefined },
    });
    return judge(what, success);
  } finally {
    await source.close();
  }
}

function judge<T extends JobType>({ check }: Attempt<T>, success: ExecutionSuccess<T>): Failure | null {
  const complaint = check(success);
  return complaint === null ? null : failure('OUTPUT_INVALID', complaint);
}

/** The sample is ours and small; ffmpeg still gets bounds, because a broken build may do anything. */
async function makeSample(
  { fileName, args }: ProofSample,
  toolbox: Toolbox,
  processes: ProgramRunner,
  folder: string,
): Promise<string> {
  const path = join(folder, fileName);
  const result = await processes.run({
    program: toolbox.ffmpeg.path,
    args: ['-hide_banner', '-nostdin', '-loglevel', 'error', '-y', ...args, path],
    stdout: { kind: 'ignore' },
    limits: { ...TRIAL_LIMITS, addressSpaceBytes: 8 * 1024 ** 3 },
  });
  if (result.end.kind !== 'exited' || result.end.code !== 0) {
    throw new JobFailure(toolFailure(result, 'ENGINE_UNAVAILABLE', 'Making the test clip'));
  }
  return path;
}

async function openSample(path: string): Promise<Source & { readonly close: () => Promise<void> }> {
  const file = await open(path, constants.O_RDONLY);
  const { size, mtimeMs } = await file.stat();
  return {
    path,
    fd: file.fd,
    input: sourceInput(path),
    sizeBytes: size,
    mtimeMs,
    close: () => file.close(),
  };
}

function proofJob<T extends JobType>({ executor, inputs }: Attempt<T>, sourcePath: string): JobOf<T> {
  const base = {
    jobId: randomUUID(),
    assetUuid: randomUUID(),
    requiredCapabilities: [CAPABILITY_OF[executor.jobType]],
    sourcePath,
    priority: 0,
    jobType: executor.jobType,
  };
  // The union's member for T is base plus optional inputs, which the compiler cannot follow through a type parameter.
  return { ...base, ...inputs } as unknown as JobOf<T>;
}

function asFailure(error: unknown): Failure {
  if (error instanceof JobFailure) return error.failure;
  return failure(
    'INTERNAL',
    `The test ended unexpectedly (${error instanceof Error ? error.message : String(error)}).`,
  );
}

/** What the Capabilities page and the doctor say: the tool's own first complaint helps whoever repairs the machine. */
function refusal({ code, message, detail }: Failure): Refusal {
  const line = detail?.lastLines?.find((text) => text.trim() !== '');
  return {
    code,
    message: line === undefined ? message : `${message} The tool said: ${line.trim().slice(0, 300)}`,
    nextStep: FAILURES[code].nextStep,
  };
}
