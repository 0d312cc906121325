import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { TranscriptFormat } from '../../../shared/transcript-formats.ts';
import type { OperatorClient } from '../../compose/operator/operator-client.ts';
import { reasonNotWritten } from '../../agent/exports/not-written.ts';
import type { Layout } from '../../agent/exports/layout.ts';
import { haveProxyLike, type OutputFolder } from './output-folders.ts';
import type { SourceOrder } from './write-messages.ts';
import { manifestOf, resultEntry, writeFiles, writeJson, type ResultEntry } from './write-results.ts';

interface SourceResults extends SourceOrder {
  readonly place: OutputFolder;
}

interface WrittenSource {
  readonly entries: readonly ResultEntry[];
  /** The `result.json` that has them, or null where it could not be written. */
  readonly file: string | null;
}

interface WriteOptions {
  readonly out: string;
  readonly layout: Layout;
  readonly subtitles?: readonly TranscriptFormat[];
}

/**
 * Before results are written, when all work is done: transcripts of hours come and go as tens of megabytes of garbage
 * each, and V8 would rather grow than collect (225 MB instead of 25 for forty of three hours).
 */
export function preferSmallHeap(): void {
  setFlagsFromString('--optimize-for-size');
}

/**
 * Writes what the jobs of one source made, and its `result.json`. Never rejects: what cannot be written is a failed
 * entry of this source, so that no other source loses its results by it.
 */
export async function writeSource(
  client: OperatorClient,
  { source, jobs, place }: SourceResults,
  { out, layout, subtitles }: WriteOptions,
): Promise<WrittenSource> {
  const entries: ResultEntry[] = [];
  const mark = join(place.folder, 'result.json');
  const { earlier } = place;
  let isMarked = earlier !== null;
  for (const { jobId, waiting } of jobs) {
    const job = await client.job(jobId);
    try {
      // From here on the folder is this source's, also when this run is cut off.
      if (!isMarked) await writeJson(mark, [notWritten(source, job, CUT_OFF)]);
      isMarked = true;
      if (job.status === 'completed') {
        const isNamesake = layout !== 'plain' && (await haveProxyLike(place.namesakes, manifestOf(job)));
        await writeFiles(
          client,
          job,
          { layout, out, folder: place.folder, earlier: earlier ?? [], source, isNamesake },
          subtitles,
        );
      }
      entries.push(resultEntry(source, job, waiting));
    } catch (error) {
      entries.push(notWritten(source, job, error));
    }
  }
  try {
    await writeJson(mark, entries);
    return { entries, file: entries.length === 0 ? null : mark };
  } catch (error) {
    return { entries: entries.map((entry) => notWritten(source, entry, error)), file: null };
  }
}

const CUT_OFF = new Error('the run was cut off before');

function notWritten(source: string, job: { readonly job_type: string }, error: unknown): ResultEntry {
  const message = `The result could not be written: ${reasonNotWritten(error)}. Name another folder with --out.`;
  const failed = { status: 'failed', error_code: 'RESULT_NOT_WRITTEN', message, retryable: true } as const;
  return { source, job_type: job.job_type, ...failed };
}
