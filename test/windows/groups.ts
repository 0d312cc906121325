import { agents } from './checks/agents.ts';
import { firstJobs } from './checks/first-jobs.ts';
import { kills, phases } from './checks/kills.ts';
import { locked } from './checks/locked.ts';
import { managed } from './checks/managed.ts';
import { names } from './checks/names.ts';
import { sameBytes } from './checks/same-bytes.ts';
import type { Group } from './table.ts';

/** In the order in which a whole campaign runs them. */
export const GROUPS: readonly Group[] = [firstJobs, names, locked, managed, agents, phases, kills, sameBytes];
