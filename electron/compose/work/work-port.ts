import { join } from 'node:path';
import type { AddedFile, NotMade } from '../../../shared/setup-commands.ts';
import type { JobType } from '../../../shared/wire.ts';
import type { WorkChoice, WorkFile, WorkPort } from '../../agent/commands/add-work.ts';
import type { OperatorClient } from '../operator-client.ts';
import { findMedia } from './find-media.ts';
import { inputsOf, lookInto, notFor } from './plan-jobs.ts';
import { makeSamples } from './samples.ts';
import { usableTool } from './usable-tool.ts';

/** What a page can show and send back in batches; a bigger folder is added in several goes. */
const LIMITS = { files: 5_000, skipped: 200 };

/** Adds work to the embedded server of this machine. */
export function createWorkPort(client: Pick<OperatorClient, 'createAsset' | 'createJob'>, data: string): WorkPort {
  return {
    plan: (paths) => findMedia(paths, LIMITS),
    samples: () => makeSamples(join(data, 'samples')),
    async add(files, choice) {
      const tools = { ffprobe: await usableTool('ffprobe') };
      const added: AddedFile[] = [];
      for (const file of files) added.push(await addFile(client, tools, file, choice));
      return added;
    },
  };
}

async function addFile(
  client: Pick<OperatorClient, 'createAsset' | 'createJob'>,
  tools: Parameters<typeof lookInto>[1],
  file: WorkFile,
  choice: WorkChoice,
): Promise<AddedFile> {
  const holds = await lookInto(file.path, tools);
  const jobs: JobType[] = [];
  const left: { jobType: JobType; why: NotMade }[] = [];
  for (const jobType of choice.jobTypes) {
    const why = notFor(jobType, holds);
    if (why === null) jobs.push(jobType);
    else left.push({ jobType, why });
  }
  if (jobs.length > 0) {
    const asset = await client.createAsset({ source_path: file.sourcePath });
    const { priority, proxyProfile, thumbnailProfile, language } = choice;
    const profiles = {
      ...(proxyProfile === undefined ? {} : { proxyProfile }),
      ...(thumbnailProfile === undefined ? {} : { thumbnailProfile }),
      ...(language === undefined ? {} : { language }),
    };
    for (const job_type of jobs) {
      await client.createJob({ asset_uuid: asset.uuid, job_type, inputs: inputsOf(job_type, profiles), priority });
    }
  }
  return { path: file.path, jobs, left };
}
