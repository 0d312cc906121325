import type { ChildEnd, ChildResult, ChildSpec, JobProcesses } from './child.ts';

/** Hears of every child of a job: what was run, and how it ended. */
export interface ProcessListener {
  started(command: readonly string[]): void;
  ended(result: ChildResult): void;
}

/** The same children, with a listener: the job's log gets every command, and the page can show the exact one. */
export function listenedProcesses(inner: JobProcesses, listener: ProcessListener): JobProcesses {
  return {
    async run(spec: ChildSpec) {
      listener.started([spec.program, ...spec.args]);
      const result = await inner.run(spec);
      listener.ended(result);
      return result;
    },
    kill: () => inner.kill(),
    terminate: () => inner.terminate(),
    suspend: () => inner.suspend(),
    resume: () => inner.resume(),
    get suspended() {
      return inner.suspended;
    },
    groups: () => inner.groups(),
    onGroupsChanged: (listen) => inner.onGroupsChanged(listen),
  };
}

/** A command as a shell would take it, so that support can run it again. */
export function shellCommand(command: readonly string[]): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}

/** "ended with code 0", in words. */
export function endInWords(end: ChildEnd): string {
  switch (end.kind) {
    case 'exited':
      return `ended with code ${end.code}`;
    case 'signalled':
      return `was ended by ${end.signal}`;
    case 'not-started':
      return `could not be started: ${end.message}`;
    case 'consumer-failed':
      return `was ended because its output could not be used: ${end.message}`;
    case 'timed-out':
    case 'stalled':
      return `${end.kind === 'stalled' ? 'stood still' : 'ran too long'} (${Math.round(end.afterMs / 1000)} s)`;
    case 'out-of-memory':
      return `took too much memory (${Math.round(end.residentBytes / 1e6)} MB)`;
    case 'cancelled':
    case 'killed':
    case 'too-much-output':
      return end.kind.replaceAll('-', ' ');
  }
}
