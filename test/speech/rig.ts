import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext, Toolbox } from '../../electron/work/execution.ts';
import type { JobProcesses } from '../../electron/work/process/child.ts';
import { JobFailure, type Failure } from '../../shared/failure.ts';
import type { JobOf } from '../../shared/job.ts';
import { rigFor } from '../media/probe-context.ts';
import { eventually } from '../support/children/alive.ts';
import { writeRecitingModel } from '../support/reciting-model.ts';
import { writeWeightlessModel } from '../support/weightless-model.ts';

export type SpeechContext = ExecutionContext<'transcribe_audio'> & { readonly processes: JobProcesses };

/** A folder with both test models in it. */
export async function makeModels() {
  const folder = await mkdtemp(join(tmpdir(), 'rushcatalog-speech-'));
  const weightless = join(folder, 'model.bin');
  const reciting = join(folder, 'reciting.bin');
  await writeWeightlessModel(weightless);
  await writeRecitingModel(reciting);
  return { folder, weightless, reciting, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs `use` with what run-job gives the executor, in small. */
export async function withContext<T>(
  path: string,
  tools: Partial<Toolbox>,
  use: (context: SpeechContext, reported: readonly (string | number)[]) => Promise<T>,
  inputs: Partial<JobOf<'transcribe_audio'>> = {},
): Promise<T> {
  const rig = await rigFor('transcribe_audio', path, inputs);
  try {
    return await use({ ...rig.context, tools: { ...rig.context.tools, ...tools } }, rig.reported);
  } finally {
    await rig.context.processes.kill();
    await rig.remove();
  }
}

/** Nobody of the job's children is left. */
export async function nobodyLeft({ processes }: Pick<SpeechContext, 'processes'>): Promise<void> {
  await eventually(
    () => processes.groups().length === 0,
    () => `Still there: ${processes.groups().join(', ')}`,
  );
}

export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof JobFailure) return error.failure;
    throw error;
  }
  throw new Error('it did not fail');
}
