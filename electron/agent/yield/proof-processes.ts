import type { JobProcesses } from '../../work/process/child.ts';

/** Proofs and encoder trials use the machine like jobs do, so their children stand still with them. */
export interface ProofProcesses {
  track(processes: JobProcesses): JobProcesses;
  running(): boolean;
  suspend(suspended: boolean): void;
}

export function createProofProcesses(): ProofProcesses {
  const active = new Map<JobProcesses, number>();
  let isSuspended = false;
  const suspendOne = (processes: JobProcesses): void => {
    if (isSuspended) processes.suspend();
    else processes.resume();
  };
  const count = (processes: JobProcesses, by: number): void => {
    const runs = (active.get(processes) ?? 0) + by;
    if (runs > 0) active.set(processes, runs);
    else active.delete(processes);
  };
  return {
    running: () => active.size > 0,
    suspend(suspended) {
      if (isSuspended === suspended) return;
      isSuspended = suspended;
      for (const processes of active.keys()) suspendOne(processes);
    },
    track: (processes) => ({
      get suspended() {
        return processes.suspended;
      },
      groups: () => processes.groups(),
      onGroupsChanged: (listener) => processes.onGroupsChanged(listener),
      kill: () => processes.kill(),
      terminate: () => processes.terminate(),
      suspend: () => processes.suspend(),
      resume: () => processes.resume(),
      async run(spec) {
        count(processes, 1);
        suspendOne(processes);
        try {
          return await processes.run(spec);
        } finally {
          count(processes, -1);
        }
      },
    }),
  };
}
