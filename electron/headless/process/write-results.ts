import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { z } from 'zod';
import { formatTranscript, type TranscriptFormat } from '../../../shared/transcript-formats.ts';
import { DerivedRef, WaveformData, Transcript } from '../../../shared/facts.ts';
import type { OperatorClient, OperatorJob } from '../../compose/operator/operator-client.ts';
import { sha256OfFile, writeNewFile } from '../../work/storage/new-file.ts';
import { jsonPieces } from './json-pieces.ts';
import { derivedName, proxyPath, type ProxyPlace } from '../../agent/exports/layout.ts';

/** One line of `result.json`: a job, and what was submitted or why there is nothing. */
export type ResultEntry =
  | {
      readonly source: string;
      readonly job_type: string;
      readonly status: 'completed';
      readonly [submitted: string]: unknown;
    }
  | {
      readonly source: string;
      readonly job_type: string;
      readonly status: 'failed';
      readonly error_code: string;
      readonly message: string;
      readonly retryable: boolean;
    }
  | { readonly source: string; readonly job_type: string; readonly status: 'waiting'; readonly reason: string };

/** What the last lines of a run tell of an entry. */
export type ResultSummary = Pick<ResultEntry, 'source' | 'job_type'> &
  (
    | { readonly status: 'completed' }
    | { readonly status: 'failed'; readonly error_code: string; readonly message: string }
    | { readonly status: 'waiting'; readonly reason: string }
  );

export function summaryOf(entry: ResultEntry): ResultSummary {
  const { source, job_type } = entry;
  switch (entry.status) {
    case 'completed':
      return { source, job_type, status: 'completed' };
    case 'failed':
      return { source, job_type, status: 'failed', error_code: entry.error_code, message: entry.message };
    case 'waiting':
      return { source, job_type, status: 'waiting', reason: entry.reason };
  }
}

const Submitted = z.looseObject({
  output: z.looseObject({ waveform_data: WaveformData.optional() }),
  result: z.looseObject({
    derived_manifest: z.array(DerivedRef),
    transcript: Transcript.optional(),
    metrics: z.looseObject({ media_ms: z.number().optional() }).optional(),
  }),
});

const WithManifest = z.looseObject({ result: z.looseObject({ derived_manifest: z.array(DerivedRef) }) });

/** The derived files of a completed job; nothing else of a result of hours is looked at. */
export function manifestOf(job: OperatorJob): readonly DerivedRef[] {
  return WithManifest.parse(job.submitted).result.derived_manifest;
}

interface ResultPlace extends ProxyPlace {
  /** SHA-256 of what earlier runs made of this source. */
  readonly earlier: readonly string[];
}

/** Fetches the derived files of one completed job into the source's folder; proxies go where the layout puts them. */
export async function writeFiles(
  client: OperatorClient,
  job: OperatorJob,
  place: ResultPlace,
  subtitles: readonly TranscriptFormat[] = [],
): Promise<void> {
  const { folder } = place;
  const { output, result } = Submitted.parse(job.submitted);
  const counts = new Map<string, number>();
  for (const entry of result.derived_manifest) {
    const index = counts.get(entry.kind) ?? 0;
    counts.set(entry.kind, index + 1);
    const response = await client.derived(String(job.asset_uuid), entry.ref);
    if (response.body === null) throw new Error('the embedded server sent a derived file without content');
    // One class with node:stream/web's at run time; only their type declarations differ.
    const content = Readable.fromWeb(response.body as ReadableStream);
    await writeNewFile(pathOf(place, entry, index), { content, mayReplace: (path) => isOurs(path, place, entry) });
  }
  if (output.waveform_data !== undefined) await writeJson(join(folder, 'waveform.json'), output.waveform_data);
  if (result.transcript !== undefined) {
    await writeJson(join(folder, 'transcript.json'), result.transcript);
    // The whole transcript with its words is there anyway.
    for (const format of subtitles.filter((name) => name !== 'json')) {
      const text = formatTranscript(result.transcript, format, result.metrics?.media_ms);
      await writeText(join(folder, `transcript.${format}`), text);
    }
  }
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeText(path, Readable.from(endedPieces(value)));
}

function* endedPieces(value: unknown): Generator<string> {
  yield* jsonPieces(value);
  yield '\n';
}

/** Only into a source's own folder (output-folders.ts), so that what has the name there is an earlier result. */
async function writeText(path: string, content: string | Readable): Promise<void> {
  await writeNewFile(path, { content, mayReplace: () => Promise.resolve(true) });
}

/** Proxies of several sources may lie together, beside files of the person: ours are those we once made, as we made them. */
async function isOurs(path: string, { folder, earlier }: ResultPlace, made: DerivedRef): Promise<boolean> {
  return dirname(path) === folder || [made.sha256, ...earlier].includes(await sha256OfFile(path));
}

function pathOf(place: ResultPlace, entry: DerivedRef, index: number): string {
  const name = derivedName(entry, index);
  const isProxy = entry.kind === 'proxy_video' || entry.kind === 'proxy_audio';
  return isProxy ? proxyPath(place, name) : join(place.folder, name);
}

/** What `result.json` says about a job that ended or waits. */
export function resultEntry(source: string, job: OperatorJob, waiting: string): ResultEntry {
  const base = { source, job_type: job.job_type };
  if (job.status === 'completed') {
    // A result that the server's schema let in: an object.
    const { lock_token: _secret, job_type: _same, ...submitted } = job.submitted as Record<string, unknown>;
    return { ...base, status: 'completed', ...submitted };
  }
  if (job.status === 'failed') {
    const { error_code, message, retryable } = job.failure ?? {
      error_code: 'INTERNAL',
      message: 'The server says no more.',
      retryable: false,
    };
    return { ...base, status: 'failed', error_code, message, retryable };
  }
  return { ...base, status: 'waiting', reason: waiting };
}
