import type { JobType } from '../../../shared/job.ts';
import type { ExecutionContext } from '../execution.ts';
import { MetadataAnswer } from '../media-worker/protocol.ts';
import { nodeProgram } from '../process/spawn-node.ts';
import type { LibraryTracks } from './metadata-merge.ts';

/** A header takes a quarter of a second; a share may need longer. Nobody waits for it: it runs beside the encoder. */
const WALL_MS = 60_000;
const RESIDENT_BYTES = 1024 ** 3;
const MAX_ANSWER_BYTES = 4 << 20;

/**
 * What the metadata library in the media worker says about the source, for `mergeFacts`. Never rejects: facts that
 * cannot be learned stay absent, and the log says why.
 */
export async function readMetadata(
  context: Pick<ExecutionContext<JobType>, 'processes' | 'source' | 'workspace' | 'report'>,
): Promise<LibraryTracks> {
  try {
    const result = await context.processes.run({
      ...nodeProgram('media-worker'),
      cwd: context.workspace,
      descriptors: [context.source.fd],
      stdin: JSON.stringify({ task: 'metadata', input: context.source.input }),
      stdout: { kind: 'collect', maxBytes: MAX_ANSWER_BYTES },
      limits: { wallMs: WALL_MS, residentBytes: RESIDENT_BYTES },
    });
    const answer = MetadataAnswer.parse(JSON.parse(result.stdout.toString('utf8')));
    if (answer.ok) return answer.tracks;
    context.report.log('info', `The metadata library could not read the file: ${answer.reason}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.report.log('info', `The metadata library gave no answer: ${why}`);
  }
  return [];
}
