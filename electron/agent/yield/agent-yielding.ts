import type { ActiveRuns } from '../jobs/active-runs.ts';
import type { Parts } from '../jobs/parts.ts';
import { CAN_SUSPEND } from '../../work/process/kill-tree.ts';
import type { ProofProcesses } from './proof-processes.ts';
import { systemSurroundings, type Surroundings } from './surroundings.ts';
import { createYielding, type Yielding } from './yielding.ts';

const META_PAUSE = 'pause';

interface AgentYieldingDeps {
  readonly parts: Pick<Parts, 'clock' | 'store' | 'settings' | 'journal'>;
  /** Asked only once the agent was started. */
  readonly runs: () => ActiveRuns;
  readonly proofs: ProofProcesses;
  /** Replaces the system's own sources: the desktop app knows some things better. */
  readonly surroundings?: Partial<Surroundings> | undefined;
  readonly onChange: () => void;
}

/** The yielding of one agent, on its own parts. */
export function agentYielding({ parts, runs, proofs, surroundings, onChange }: AgentYieldingDeps): Yielding {
  const { clock, store, settings, journal } = parts;
  return createYielding({
    clock,
    store,
    settings,
    surroundings: { ...systemSurroundings(), ...surroundings },
    runs: () => runs().list(),
    executing: () => runs().executing(),
    proofs,
    canSuspend: CAN_SUSPEND,
    memory: {
      read: () => journal.meta(META_PAUSE),
      write: (text) => journal.setMeta(META_PAUSE, text),
    },
    onChange,
  });
}
