import { join } from 'node:path';
import type { TranscriptFormat } from '../../../shared/transcript-formats.ts';
import type { OperatorJob } from '../../../shared/wire.ts';
import type { OperatorClient } from '../../compose/operator-client.ts';
import { reasonNotWritten } from '../../agent/exports/not-written.ts';
import type { Layout } from '../../agent/exports/layout.ts';
import { haveProxyLike, type OutputFolder } from './output-folders.ts';
import { manifestOf, resultEntry, writeFiles, writeJson, type ResultEntry } from './write-results.ts';

export interface SourceResults {
  readonly source: string;
  readonly jobIds: readonly string[];
  readonly place: OutputFolder;
}

export interface WriteOptions {
  readonly out: string;
  readonly layout: Layout;
  readonly subtitles?: readonly TranscriptFormat[];
  readonly whyWaiting: (job: OperatorJob) => string;
}

/**
 * Writes what the jobs of one source made, and its `result.json`. Never rejects: what cannot be written is a failed
 * entry of this source, so that no other source loses its results by it.
 */
export async function writeSource(
  client: OperatorClient,
  { source, jobIds, place }: SourceResults,
  { out, layout, subtitles, whyWaiting }: WriteOptions,
): Promise<readonly ResultEntry[]> {
  const entries: ResultEntry[] = [];
  for (const jobId of jobIds) {
    const job = await client.job(jobId);
    try {
      if (job.status === 'completed') {
        const isNamesake = layout !== 'plain' && (await haveProxyLike(place.namesakes, manifestOf(job)));
        await writeFiles(client, job, { layout, out, folder: place.folder, source, isNamesake }, subtitles);
      }
      entries.push(resultEntry(source, job, whyWaiting(job)));
    } catch (error) {
      entries.push(notWritten(source, job, error));
    }
  }
  try {
    await writeJson(join(place.folder, 'result.json'), entries);
    return entries;
  } catch (error) {
    return entries.map((entry) => notWritten(source, entry, error));
  }
}

function notWritten(source: string, job: { readonly job_type: string }, error: unknown): ResultEntry {
  const message = `The result could not be written: ${reasonNotWritten(error)}. Name another folder with --out.`;
  const failed = { status: 'failed', error_code: 'RESULT_NOT_WRITTEN', message, retryable: true } as const;
  return { source, job_type: job.job_type, ...failed };
}
