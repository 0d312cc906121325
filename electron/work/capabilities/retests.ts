/** What is to be proved later: at most one thing per capability, and per profile of one, the newest wish. */
export interface RetestScheduler {
  /** Nothing is done for a capability that is switched off by then. */
  later(name: string, ms: number, task: () => void): void;
  cancel(name: string): void;
  cancelAll(): void;
}

/** Runs `task` after `ms`; returns how to call it off. */
export type After = (ms: number, task: () => void) => () => void;

export function createRetestScheduler(
  isEnabled: (name: string) => boolean,
  // A timer that keeps no program alive.
  after: After = unheldTimer,
): RetestScheduler {
  const planned = new Map<string, () => void>();
  const cancel = (name: string): void => planned.get(name)?.();
  return {
    later(name, ms, task) {
      cancel(name);
      planned.set(
        name,
        after(ms, () => {
          if (isEnabled(name)) task();
        }),
      );
    },
    cancel,
    cancelAll() {
      for (const name of planned.keys()) cancel(name);
    },
  };
}

function unheldTimer(ms: number, task: () => void): () => void {
  const timer = setTimeout(task, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
