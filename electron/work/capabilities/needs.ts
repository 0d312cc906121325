import type { Refusal } from '../../../shared/failure.ts';
import type { ToolState } from '../../../shared/snapshot.ts';

export const NO_TOOLS: Refusal = {
  code: 'TOOL_MISSING',
  message: 'A needed tool was not found.',
  nextStep: 'Install ffmpeg and ffprobe, then test again.',
};

/** Why what needs these tools cannot be done, before anything is run; null when all of them were found. */
export function missingTool(needs: readonly ToolState['name'][], tools: readonly ToolState[]): Refusal | null {
  for (const needed of needs) {
    const tool = tools.find(({ name }) => name === needed);
    if (tool?.found !== true) return tool?.problem ?? NO_TOOLS;
  }
  return null;
}
