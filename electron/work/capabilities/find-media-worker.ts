import type { ToolState } from '../../../shared/snapshot.ts';
import { ProofAnswer } from '../media-worker/protocol.ts';
import type { ProgramRunner } from '../process/child.ts';
import { nodeProgram } from '../process/spawn-node.ts';
import { TRIAL_LIMITS } from '../process/watchdogs.ts';

/**
 * Starts the media worker and lets it make one small photo thumbnail: an image library that does not load on this
 * machine must be seen before a job meets it.
 */
export async function findMediaWorker(processes: ProgramRunner): Promise<ToolState> {
  let program: ReturnType<typeof nodeProgram>;
  try {
    program = nodeProgram('media-worker');
  } catch (error) {
    return missing(error instanceof Error ? error.message : String(error));
  }
  const result = await processes.run({
    ...program,
    stdin: JSON.stringify({ task: 'proof' }),
    stdout: { kind: 'collect', maxBytes: 64 << 10 },
    limits: TRIAL_LIMITS,
  });
  try {
    const answer = ProofAnswer.parse(JSON.parse(result.stdout.toString('utf8')));
    return { name: 'media-worker', found: true, version: answer.libraries.join(', '), origin: 'bundled' };
  } catch {
    const line = result.stderrTail.find((text) => /error/i.test(text)) ?? result.stderrTail.at(-1);
    return missing(line?.trim().slice(0, 300) ?? `it ended without an answer (${result.end.kind})`);
  }
}

function missing(why: string): ToolState {
  return {
    name: 'media-worker',
    found: false,
    problem: {
      code: 'MEDIA_WORKER_UNAVAILABLE',
      message: `Photos cannot be decoded on this machine: ${why.replace(/\.$/, '')}.`,
      nextStep: 'Reinstall the agent for this platform, then test again.',
    },
  };
}
