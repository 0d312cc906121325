import type { ActiveRuns } from '../jobs/active-runs.ts';
import type { AgentServices } from '../jobs/services.ts';
import { CAN_SUSPEND } from '../../work/process/kill-tree.ts';
import type { ProofProcesses } from './proof-processes.ts';
import { systemActivitySources, type ActivitySources } from './activity-sources.ts';
import { createYielding, type Yielding } from './yielding.ts';

const META_PAUSE = 'pause';

interface AgentYieldingDeps {
  readonly services: Pick<AgentServices, 'clock' | 'store' | 'settings' | 'journal'>;
  /** Asked only once the agent was started. */
  readonly runs: () => ActiveRuns;
  readonly proofs: ProofProcesses;
  /** Replaces the system's own sources: the desktop app knows some things better. */
  readonly sources?: Partial<ActivitySources> | undefined;
  readonly onChange: () => void;
}

/** The yielding of one agent, on its own parts. */
export function agentYielding({ services, runs, proofs, sources, onChange }: AgentYieldingDeps): Yielding {
  const { clock, store, settings, journal } = services;
  return createYielding({
    clock,
    store,
    settings,
    activitySources: { ...systemActivitySources(), ...sources },
    runs: () => runs().list(),
    executing: () => runs().executing(),
    proofs,
    canSuspend: CAN_SUSPEND,
    pauseStore: {
      read: () => journal.meta(META_PAUSE),
      write: (text) => journal.setMeta(META_PAUSE, text),
    },
    onChange,
  });
}
