/** What is to be proved later: at most one thing per capability, and per profile of one, the newest wish. */
export interface Retests {
  /** Nothing is done for a capability that is switched off by then. */
  later(name: string, ms: number, task: () => void): void;
  callOff(name: string): void;
  callOffAll(): void;
}

/** Runs `task` after `ms`; returns how to call it off. */
export type After = (ms: number, task: () => void) => () => void;

export function createRetests(
  isEnabled: (name: string) => boolean,
  // A timer that keeps no program alive.
  after: After = unheldTimer,
): Retests {
  const planned = new Map<string, () => void>();
  const callOff = (name: string): void => planned.get(name)?.();
  return {
    later(name, ms, task) {
      callOff(name);
      planned.set(
        name,
        after(ms, () => {
          if (isEnabled(name)) task();
        }),
      );
    },
    callOff,
    callOffAll() {
      for (const name of planned.keys()) callOff(name);
    },
  };
}

function unheldTimer(ms: number, task: () => void): () => void {
  const timer = setTimeout(task, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
