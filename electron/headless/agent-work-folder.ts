import { join } from 'node:path';
import { dataFolder } from './folders.ts';

/** The folder that `agent` and `start` work in when none is named. */
export function agentWorkFolder(work: string | undefined): string {
  return work ?? join(dataFolder(), 'agent');
}
