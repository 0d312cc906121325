import type { z } from 'zod';
import type { NotMade, SETUP_COMMANDS, WorkPlan } from '../../../shared/setup-commands.ts';
import type { JobType } from '../../../shared/job.ts';
import { defined } from '../../../shared/objects.ts';
import type { OperatorClient } from '../operator/operator-client.ts';
import { findMedia } from './find-media.ts';
import { inputsOf, inspectMedia, whyNotMade } from './plan-jobs.ts';
import { makeSamples } from './samples.ts';
import { inspectTools, type WorkTools } from './work-tools.ts';

export type WorkChoice = Omit<z.output<(typeof SETUP_COMMANDS)['addWork']['input']>, 'paths' | 'except'>;

/** The jobs that fit a file, and why the others of those chosen do not. */
interface Fitting {
  readonly jobs: readonly JobType[];
  readonly left: readonly { readonly jobType: JobType; readonly why: NotMade }[];
}

/** What only the owner of the embedded server can do. Its errors carry a `refusal`, where a person can do something. */
export interface WorkPort {
  /** What a page shows before anything is made: bounded. */
  plan(paths: readonly string[]): Promise<WorkPlan>;
  /** The same files, and all of them. */
  find(paths: readonly string[]): Promise<Pick<WorkPlan, 'files'>>;
  /** Looks into one file. */
  decide(path: string, jobTypes: readonly JobType[]): Promise<Fitting>;
  /** All or nothing, and once for each key. */
  add(
    files: readonly { readonly sourcePath: string; readonly jobs: readonly JobType[] }[],
    choice: WorkChoice,
    key: string,
    /** Names all that a person added at once. */
    batch: string,
  ): Promise<void>;
  samples(): Promise<readonly string[]>;
}

/** What a page shows of a plan; all that is found is added. */
const SHOWN = { files: 5_000, skipped: 200 };
/** A whole archive by mistake must not fill the memory. */
const TAKEN = { files: 200_000, skipped: 0 };

/** Adds work to the embedded server of this machine. */
export function createWorkPort(
  client: Pick<OperatorClient, 'importFiles'>,
  samplesFolder: string,
  workTools: WorkTools,
): WorkPort {
  const tools = inspectTools(workTools);
  return {
    plan: (paths) => findMedia(paths, SHOWN),
    find: (paths) => findMedia(paths, TAKEN),
    samples: () => makeSamples(samplesFolder, workTools),
    async decide(path, jobTypes) {
      const content = await inspectMedia(path, tools);
      const jobs: JobType[] = [];
      const left: { jobType: JobType; why: NotMade }[] = [];
      for (const jobType of jobTypes) {
        const why = whyNotMade(jobType, content);
        if (why === null) jobs.push(jobType);
        else left.push({ jobType, why });
      }
      return { jobs, left };
    },
    async add(files, choice, key, batch) {
      await client.importFiles(
        {
          batch,
          priority: choice.priority,
          files: files.map(({ sourcePath, jobs }) => ({
            source_path: sourcePath,
            jobs: jobs.map((job_type) => ({ job_type, inputs: inputsOf(job_type, profilesOf(choice)) })),
          })),
        },
        key,
      );
    },
  };
}

/** Without what nobody chose. */
export function profilesOf({
  proxyProfile,
  thumbnailProfile,
  language,
}: Pick<WorkChoice, 'proxyProfile' | 'thumbnailProfile' | 'language'>): Parameters<typeof inputsOf>[1] {
  return {
    ...defined({ proxyProfile, thumbnailProfile, language }),
  };
}
