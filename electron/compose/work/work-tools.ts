import type { Settings } from '../../../shared/settings.ts';
import { findMediaTool, usable } from '../../work/capabilities/find-tools.ts';
import type { FoundTool } from '../../work/execution.ts';
import type { JobProcesses, ProgramRunner } from '../../work/process/child.ts';
import type { ToolName } from '../../work/process/find-tool.ts';
import { installFfmpeg } from '../../work/process/install-advice.ts';
import { createJobProcesses } from '../../work/process/job-processes.ts';
import type { SandboxPort } from '../../work/process/sandbox-port.ts';
import { WorkError } from './work-error.ts';

/** What work is planned and samples are made with: the agent's own tools, shut in as they are for its jobs. */
export interface WorkTools {
  readonly settings: () => Pick<Settings, 'ffmpegPath' | 'ffprobePath'>;
  readonly sandbox: Pick<SandboxPort, 'choose'>;
}

/** `writable`: folders that the children may write. */
export function workProcesses(name: string, { sandbox }: WorkTools, writable: readonly string[] = []): JobProcesses {
  const confinement = { port: sandbox, writable, readable: () => [] };
  return createJobProcesses({ runId: name, owner: name, jobId: name, nice: 5, confinement });
}

/** Throws WorkError where the tool is missing, broken or too old. */
export async function usableTool(name: ToolName, tools: WorkTools): Promise<FoundTool> {
  const search = { settings: tools.settings(), env: process.env };
  const state = await findMediaTool(name, search, workProcesses('find-tool', tools));
  const tool = usable(state);
  if (tool !== null) return tool;
  throw new WorkError({
    code: state.problem?.code ?? 'TOOL_MISSING',
    message: state.problem?.message ?? `${name} was not found.`,
    nextStep: installFfmpeg(name === 'ffmpeg' ? 'FFMPEG_BIN' : 'FFPROBE_BIN'),
  });
}

/** What `inspectMedia` needs. ffprobe is looked for when the first file needs it, and again as long as it cannot be used. */
export interface InspectTools {
  ffprobe(): Promise<FoundTool>;
  processes(): ProgramRunner;
}

export function inspectTools(tools: WorkTools): InspectTools {
  let found: Promise<FoundTool> | undefined;
  return {
    processes: () => workProcesses('plan', tools),
    ffprobe: () => {
      found ??= usableTool('ffprobe', tools).catch((error: unknown) => {
        found = undefined;
        throw error;
      });
      return found;
    },
  };
}
