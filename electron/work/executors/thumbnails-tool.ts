import { basename } from 'node:path';
import { failure, JobFailure, type Failure } from '../../../shared/failure.ts';
import { toolDetail, toolFailure } from '../media/tool-failure.ts';
import { isDecodeError } from '../media/proxy-damage.ts';
import type { ChildResult } from '../process/child.ts';
import type { ExecutionContext } from '../execution.ts';

/** ffmpeg for one thumbnail job: runs it in the workspace, keeps what it printed and counts what the decoder said. */
export interface RenderTool {
  /**
   * Answers stdout. Throws JobFailure when ffmpeg did not end well: RENDER_FAILED, or why it was ended.
   * @param onFrame called with the number of frames printed so far.
   * @param stdin written to ffmpeg; absent: it has none.
   */
  run(args: readonly string[], onFrame?: (seen: number) => void, stdin?: Uint8Array): Promise<string>;
  runs(): number;
  /** Lines of level error or worse, over all runs. */
  decodeErrors(): number;
  lastCommand(): readonly string[];
  lastLines(): readonly string[];
}

/** One picture takes seconds; listing every frame of three hours of 4K takes minutes. */
const WALL_MS = 30 * 60_000;
/** Software decoding of 8K with all its threads stays below half of this. */
const ADDRESS_SPACE = 16 * 1024 ** 3;

export function createRenderTool(context: ExecutionContext<'generate_thumbnails'>): RenderTool {
  let runs = 0;
  let decodeErrors = 0;
  let command: readonly string[] = [];
  let lastLines: readonly string[] = [];
  return {
    async run(args, onFrame, stdin) {
      const lines: string[] = [];
      let frames = 0;
      const result = await context.processes.run({
        program: context.tools.ffmpeg.path,
        args,
        cwd: context.workspace,
        descriptors: [context.source.fd],
        ...(stdin === undefined ? {} : { stdin }),
        stdout: {
          kind: 'lines',
          onLine: (line) => {
            lines.push(line);
            if (line.startsWith('frame:')) onFrame?.(++frames);
          },
        },
        onStderrLine: (line) => {
          if (isDecodeError(line)) decodeErrors++;
        },
        limits: { wallMs: WALL_MS, addressSpaceBytes: ADDRESS_SPACE },
      });
      runs++;
      command = result.command;
      lastLines = result.stderrTail;
      if (result.end.kind !== 'exited' || result.end.code !== 0) {
        throw new JobFailure(explain(result, frames, basename(context.source.path)));
      }
      return lines.join('\n');
    },
    runs: () => runs,
    decodeErrors: () => decodeErrors,
    lastCommand: () => command,
    lastLines: () => lastLines,
  };
}

/** ffmpeg ends with code 1 when a stream never gives a frame: the file's fault, if its decoder says so. */
function explain(result: ChildResult, frames: number, name: string): Failure {
  const isFromDecoder = result.stderrTail.some((line) => /Error while decoding|Cannot determine format/.test(line));
  if (result.end.kind === 'exited' && frames === 0 && isFromDecoder) {
    return failure('SOURCE_UNREADABLE', `No frame of “${name}” can be decoded.`, toolDetail(result));
  }
  return toolFailure(result, 'RENDER_FAILED', 'Rendering the thumbnail');
}
