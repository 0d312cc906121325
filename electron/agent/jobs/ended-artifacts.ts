import type { EndedArtifact } from '../../../shared/snapshot.ts';
import type { ExecutionSuccess } from '../../work/execution.ts';

/** What the page needs to show the results: pictures in time order, then the rest. */
export function endedArtifacts(success: ExecutionSuccess, refs: readonly string[]): EndedArtifact[] {
  const { outputs } = success;
  return success.artifacts.map((artifact, index): EndedArtifact => {
    const thumb =
      outputs.jobType === 'generate_thumbnails' ? outputs.thumbs.find((entry) => entry.artifact === index) : undefined;
    return {
      kind: artifact.kind,
      ref: refs[index] ?? '',
      contentType: artifact.contentType,
      sizeBytes: artifact.sizeBytes,
      ...(thumb === undefined
        ? {}
        : {
            timeMs: thumb.facts.time_ms,
            width: thumb.facts.width,
            height: thumb.facts.height,
            ...(thumb.facts.tile === undefined ? {} : { tile: thumb.facts.tile }),
          }),
    };
  });
}
