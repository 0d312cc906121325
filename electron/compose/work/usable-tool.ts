import { findMediaTool, usable } from '../../work/capabilities/find-tools.ts';
import type { FoundTool } from '../../work/execution.ts';
import type { ToolName } from '../../work/process/find-tool.ts';
import { installFfmpeg } from '../../work/process/install-advice.ts';
import { createJobProcesses } from '../../work/process/job-processes.ts';
import { WorkError } from './work-error.ts';

/** The tool that work is planned or samples are made with. Throws WorkError where it is missing, broken or too old. */
export async function usableTool(name: ToolName): Promise<FoundTool> {
  const processes = createJobProcesses({ runId: 'find-tool', owner: 'find-tool', jobId: 'find-tool', nice: 5 });
  const state = await findMediaTool(name, { settings: {}, env: process.env }, processes);
  const tool = usable(state);
  if (tool !== null) return tool;
  throw new WorkError({
    code: state.problem?.code ?? 'TOOL_MISSING',
    message: state.problem?.message ?? `${name} was not found.`,
    nextStep: installFfmpeg(name === 'ffmpeg' ? 'FFMPEG_BIN' : 'FFPROBE_BIN'),
  });
}
