import type { NotMade } from '../../../shared/setup-commands.ts';
import type { JobType } from '../../../shared/job.ts';
import { defined } from '../../../shared/objects.ts';
import type { WorkChoice, WorkPort } from '../../agent/imports/work-port.ts';
import type { OperatorClient } from '../../agent/server/operator-client.ts';
import { findMedia } from './find-media.ts';
import { inputsOf, inspectMedia, whyNotMade } from './plan-jobs.ts';
import { makeSamples } from './samples.ts';
import { inspectTools, type WorkTools } from './work-tools.ts';

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

function profilesOf({ proxyProfile, thumbnailProfile, language }: WorkChoice): Parameters<typeof inputsOf>[1] {
  return {
    ...defined({ proxyProfile, thumbnailProfile, language }),
  };
}
