import type { Settings } from '../../../shared/settings.ts';
import type { Confinement, SandboxPort } from '../process/sandbox-port.ts';
import { ownPlaces } from '../process/spawn-node.ts';
import type { JobProcesses } from '../process/child.ts';

/** Makes the children of one proof or one look-up; whoever builds it sets their priority (below normal). */
export type ProcessMaker = (jobId: string) => JobProcesses;

/** What the children of jobs and proofs may touch: their own folder, our own programs, and models before they are known as tools. */
export function jobConfinement(
  port: SandboxPort,
  workspace: string,
  { settings, modelsFolder }: { readonly settings: () => Settings; readonly modelsFolder: string },
): Confinement {
  const own = ownPlaces();
  const models = (): readonly string[] => {
    const { speechModelFolder, speechModelPath } = settings();
    return [modelsFolder, speechModelFolder, speechModelPath].filter((path) => path !== undefined);
  };
  return { port, writable: [workspace], readable: () => [...own, ...models()] };
}
