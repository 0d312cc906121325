import { join } from 'node:path';
import { startEmbedded, type Embedded } from '../../electron/headless/process/embedded.ts';
import type { CreateJobRequest } from '../../shared/wire.ts';
import type { JobType } from '../../shared/job.ts';
import { commandsOf } from './bare-tool.ts';
import { watchResources, type Resources } from './resources.ts';

export interface FinishedJob {
  /** From the claim to the accepted report. */
  readonly ms: number;
  readonly commands: readonly string[];
  /** The folder its commands wrote to. */
  readonly workspace: string;
}

export interface Bench {
  /** Folder of the sources. */
  readonly media: string;
  run(jobType: JobType, file: string, inputs?: CreateJobRequest['inputs']): Promise<FinishedJob>;
  /** The same with what it used; looking costs a few hundredths of one processor. */
  watch(jobType: JobType, file: string): Promise<FinishedJob & Resources>;
  close(): Promise<void>;
}

/** Server and agent as on one machine; answers when the agent has proved what the bench needs. */
export async function startBench(folder: string, media: string): Promise<Bench> {
  const embedded = await startEmbedded(folder, { mediaRoots: [{ name: 'media', path: media }], maxParallelJobs: 1 });
  await embedded.agent.start();
  const needed = 3;
  await new Promise<void>((resolve) => {
    const proved = (): boolean =>
      embedded.agent.snapshot().capabilities.filter(({ declared }) => declared).length >= needed;
    if (proved()) resolve();
    else embedded.agent.subscribe(() => proved() && resolve());
  });
  return {
    media,
    run: (jobType, file, inputs = {}) => runJob(embedded, jobType, file, inputs),
    async watch(jobType, file) {
      const stopWatching = watchResources();
      const job = await runJob(embedded, jobType, file, {});
      return { ...job, ...stopWatching() };
    },
    async close() {
      await embedded.agent.stop(0);
      await embedded.server.close();
    },
  };
}

async function runJob(
  { agent, client }: Embedded,
  jobType: JobType,
  file: string,
  inputs: NonNullable<CreateJobRequest['inputs']>,
): Promise<FinishedJob> {
  const asset = await client.createAsset({ source_path: join('media', file) });
  const ended = Promise.withResolvers<number>();
  let claimedAt = Number.NaN;
  const unsubscribe = agent.subscribe((event) => {
    if (event.type === 'jobClaimed') claimedAt = performance.now();
    if (event.type !== 'jobEnded') return;
    if (event.job.ending.kind === 'done') ended.resolve(performance.now() - claimedAt);
    else ended.reject(new Error(`the job ended as ${JSON.stringify(event.job.ending)}`));
  });
  const job = await client.createJob({ asset_uuid: asset.uuid, job_type: jobType, inputs });
  agent.wake();
  const ms = await ended.promise;
  unsubscribe();
  const log = await agent.execute('jobLog', { jobId: job.job_id });
  const commands = log.ok ? commandsOf(log.output.lines) : [];
  const workspace = /'?(\/[^' ]*\/runs\/[0-9a-f-]{36})/.exec(commands.join(' '))?.[1] ?? '/nowhere';
  return { ms, commands, workspace };
}
