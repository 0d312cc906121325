import type { WorkTools } from '../compose/work/work-tools.ts';
import { createSandboxPort } from '../work/process/sandbox-port.ts';

/** The tools of this machine, where no settings name others. */
export const MACHINE_TOOLS: WorkTools = {
  settings: () => ({}),
  sandbox: createSandboxPort({ policy: () => 'auto', env: process.env }),
};
