import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Executor } from '../../electron/work/execution.ts';
import type { ProcessMaker } from '../../electron/work/capabilities/process-maker.ts';
import { createJobProcesses } from '../../electron/work/process/job-processes.ts';

/** Real children; at a low priority a busy machine would let them wait for minutes. */
export const realProcesses: ProcessMaker = (jobId) =>
  createJobProcesses({ runId: `test-${jobId}`, owner: 'test-capabilities', jobId, nice: 0 });

/** A folder that is gone after the test. A hook of this file would be one of the first file that imports it alone. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rushcatalog-capabilities-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** A small true executor: reads its source with ffmpeg to the end and counts its pictures. */
export function countingExecutor(
  change: Partial<Executor<'generate_thumbnails'>> = {},
): Executor<'generate_thumbnails'> {
  return {
    jobType: 'generate_thumbnails',
    needs: ['ffmpeg', 'ffprobe', 'media-worker'],
    estimateBytes: () => 0,
    execute: async (context) => {
      const output = join(context.workspace, 'frames.txt');
      const result = await context.processes.run({
        program: context.tools.ffmpeg.path,
        args: ['-nostdin', '-v', 'error', '-i', context.source.input, '-f', 'framecrc', output],
        descriptors: [context.source.fd],
        stdout: { kind: 'ignore' },
      });
      if (result.end.kind !== 'exited' || result.end.code !== 0) throw new Error(result.stderrTail.join(' '));
      const lines = (await readFile(output, 'utf8')).split('\n').filter((line) => /^\d/.test(line));
      return {
        artifacts: [],
        outputs: { jobType: 'generate_thumbnails', thumbs: [] },
        warnings: [],
        metrics: { frames: lines.length },
      };
    },
    proof: {
      what: 'Counts ten pictures of a made clip.',
      sample: { fileName: 'sample.mkv', args: ['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=10', '-t', '1'] },
      inputs: {},
      check: ({ metrics }) => (metrics['frames'] === 10 ? null : `It counted ${String(metrics['frames'])} pictures.`),
    },
    ...change,
  };
}
