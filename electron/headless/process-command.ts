import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { CAPABILITIES, JOB_TYPE_OF, type JobType } from '../../shared/job.ts';
import type { EncoderChoice, Settings } from '../../shared/settings.ts';
import type { TranscriptFormat } from '../../shared/transcript-formats.ts';
import { defined, recordOf } from '../../shared/objects.ts';
import { whyNotModel } from '../work/capabilities/find-speech.ts';
import { makeTemporaryFolder } from '../work/process/temporary-folder.ts';
import { formatRefusal } from '../compose/format-refusal.ts';
import { CommandError, EXIT } from './exit.ts';
import { MACHINE_TOOLS } from './machine-tools.ts';
import { collectMedia, type Collected } from './process/collect-media.ts';
import { startEmbedded, type Embedded } from './process/embedded.ts';
import type { Layout } from '../agent/exports/layout.ts';
import { refuseBesideSources } from './process/layout.ts';
import { fittingJobs, inputsOf, type ProfileChoice } from '../compose/work/plan-jobs.ts';
import { createProgressBars } from './process/progress-bars.ts';
import { summaryLines } from './process/report.ts';
import { makeSamples } from '../compose/work/samples.ts';
import { inspectTools } from '../compose/work/work-tools.ts';
import { untilEnded, whyWaiting, type OwnJob } from './process/follow-jobs.ts';
import { printArray } from './process/print-array.ts';
import { writeResults } from './process/result-writer.ts';
import type { ResultSummary } from './process/write-results.ts';
import { listenForStop } from './signals.ts';
import { printOut, printError } from './print.ts';

export interface ProcessCommandOptions extends ProfileChoice {
  readonly out: string;
  /** Absent: what fits each file. */
  readonly jobs?: readonly JobType[];
  readonly json: boolean;
  readonly parallel?: number;
  /** Absolute. */
  readonly speechModel?: string;
  readonly encoder?: EncoderChoice;
  readonly layout: Layout;
  /** Formats in which transcripts are also written. */
  readonly subtitles?: readonly TranscriptFormat[];
}

/** `rushcatalog-agent process`: embedded server and agent in one go. Returns the exit code. */
export async function processCommand(inputs: readonly string[], options: ProcessCommandOptions): Promise<number> {
  await refuseUnusableModel(options.speechModel);
  const signals = listenForStop();
  const out = resolve(options.out);
  const media = await collectMedia(inputs.length > 0 ? inputs : await makeSamples(join(out, 'samples'), MACHINE_TOOLS));
  if (media.files.length === 0) throw noMedia(media.skipped);
  const sources = media.files.map(({ path }) => path);
  await refuseBesideSources(options.layout, out, sources);
  for (const path of media.skipped) printError(`skipped  ${path}: not a media file by its name`);
  const folder = await makeTemporaryFolder('process');
  const embedded = await startEmbedded(folder, settingsFor(media, options));
  try {
    const work = run(embedded, media, { ...options, out });
    const outcome = await Promise.race([work, signals.first]);
    if (typeof outcome !== 'string') return exitCodeOf(outcome);
    printError('Stopping.');
    return EXIT.interrupted;
  } finally {
    await embedded.end();
  }
}

/** What waits for a model is done as far as it goes; where everything waits, something that is needed is broken. */
function exitCodeOf(results: readonly ResultSummary[]): number {
  const some = (wanted: ResultSummary['status']): boolean => results.some(({ status }) => status === wanted);
  return some('failed') || !some('completed') ? EXIT.failed : EXIT.ok;
}

/** Names that a message lists; the others are counted. */
const NAMED = 5;

function noMedia(skipped: readonly string[]): CommandError {
  const names = skipped.slice(0, NAMED).map((path) => `“${basename(path)}”`);
  const more = skipped.length > NAMED ? ` and ${skipped.length - NAMED} more` : '';
  const passed = names.length === 0 ? '' : ` Passed over, not media by their names: ${names.join(', ')}${more}.`;
  return new CommandError({
    code: 'NO_MEDIA',
    message: `There is no media file in what was given.${passed}`,
    nextStep: 'Name the files themselves (a named file is taken whatever it is called), or folders that hold some.',
  });
}

/** A model that was named is wanted: without it half of the work would wait for ever. */
export async function refuseUnusableModel(speechModel: string | undefined): Promise<void> {
  const refusal = speechModel === undefined ? null : await whyNotModel(speechModel);
  if (refusal !== null) throw new CommandError(refusal);
}

export function settingsFor(media: Pick<Collected, 'roots'>, options: ProcessCommandOptions): Partial<Settings> {
  const wanted = (jobType: JobType): boolean => options.jobs?.includes(jobType) ?? true;
  const capabilities = recordOf(CAPABILITIES, (name) => wanted(JOB_TYPE_OF[name]));
  return defined({
    mediaRoots: [...media.roots],
    capabilities,
    // A proxy alone uses several threads; the cheap jobs fill the gaps while it is read and written.
    maxParallelJobs: options.parallel ?? Math.min(4, Math.max(2, Math.floor(availableParallelism() / 2))),
    speechModelPath: options.speechModel,
    encoder: options.encoder,
  });
}

async function run(
  embedded: Embedded,
  media: Collected,
  options: ProcessCommandOptions,
): Promise<readonly ResultSummary[]> {
  const { agent } = embedded;
  const bars = showProgress(agent);
  const started = agent.start();
  const jobs = await createJobs(embedded, media, options);
  await started;
  agent.wake();
  await untilEnded(embedded, jobs);
  bars.stop();
  const printed = options.json ? printArray(process.stdout) : null;
  const snapshot = agent.snapshot();
  const sources = [...Map.groupBy(jobs, ({ source }) => source)].map(([source, own]) => ({
    source,
    jobs: own.map(({ jobId, jobType }) => ({ jobId, waiting: whyWaiting(snapshot, jobId, jobType) })),
  }));
  const { out, layout, subtitles } = options;
  const { url: serverUrl, operatorToken } = embedded.server;
  const order = { serverUrl, operatorToken, out, layout, sources, ...(subtitles === undefined ? {} : { subtitles }) };
  const { results, folders } = await writeResults(order, printed);
  if (printed === null) printOut(summaryLines(results, folders));
  else await printed.end();
  return results;
}

/** Bars on a terminal; elsewhere what does not work here is said, once. */
export function showProgress(agent: Embedded['agent']): { stop(): void } {
  const bars = createProgressBars(process.stderr);
  agent.subscribe((event, snapshot) => {
    bars.show(snapshot);
    if (event.type !== 'capabilityChanged' || process.stderr.isTTY) return;
    const { capability } = event;
    if (capability.enabled && capability.proof.status === 'failed') {
      printError(`${capability.name}: ${formatRefusal(capability.proof.reason)}`);
    }
  });
  return bars;
}

/** Makes an asset and its jobs for each file. */
async function createJobs(
  { client }: Embedded,
  media: Collected,
  options: ProcessCommandOptions,
): Promise<readonly OwnJob[]> {
  const tools = inspectTools(MACHINE_TOOLS);
  await tools.ffprobe();
  const jobs: OwnJob[] = [];
  for (const file of media.files) {
    const jobTypes = options.jobs ?? (await fittingJobs(file.path, tools));
    const asset = await client.createAsset({ source_path: file.sourcePath });
    for (const job_type of jobTypes) {
      const job = await client.createJob({ asset_uuid: asset.uuid, job_type, inputs: inputsOf(job_type, options) });
      jobs.push({ jobId: job.job_id, jobType: job_type, source: file.path });
    }
  }
  return jobs;
}
