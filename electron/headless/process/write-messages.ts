import type { TranscriptFormat } from '../../../shared/transcript-formats.ts';
import type { Layout } from '../../agent/exports/layout.ts';
import type { OutputFolder } from './output-folders.ts';
import type { ResultEntry, ResultSummary } from './write-results.ts';

/** What the thread that writes results is given. */
export interface WriteOrder {
  readonly serverUrl: string;
  readonly operatorToken: string;
  readonly out: string;
  readonly layout: Layout;
  readonly subtitles?: readonly TranscriptFormat[];
  readonly sources: readonly SourceOrder[];
}

export interface SourceOrder {
  readonly source: string;
  /** `waiting`: why the job waits, if it did not end. */
  readonly jobs: readonly { readonly jobId: string; readonly waiting: string }[];
}

/** What it says: once for each source, then where the results are. */
export type FromWriteThread =
  | {
      readonly type: 'written';
      readonly results: readonly ResultSummary[];
      /** The `result.json` that has the entries, or they themselves where it could not be written. */
      readonly entries: string | readonly ResultEntry[];
    }
  | { readonly type: 'done'; readonly folders: ReadonlyMap<string, OutputFolder> };
