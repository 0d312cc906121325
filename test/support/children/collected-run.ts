import type { ChildResult, ChildSpec, JobProcesses, ProgramRunner } from '../../../electron/work/process/child.ts';
import { createJobProcesses, type ProcessDeps } from '../../../electron/work/process/job-processes.ts';

let count = 0;

/** Children of a made-up job, not slowed down. */
export function testProcesses(deps: ProcessDeps = {}, owner = 'test-owner'): JobProcesses {
  count++;
  const runId = `test-${String(process.pid)}-${String(count)}`;
  return createJobProcesses({ runId, owner, jobId: 'job', nice: 0 }, deps);
}

export interface Talk {
  readonly lines: readonly string[];
  readonly result: Promise<ChildResult>;
  /** The n-th stdout line, once it was said. */
  line(n: number): Promise<string>;
}

/** Runs a child and keeps its stdout lines as they come. */
/** What an executor is given are all of its job's children; tests look further than executors may. */
export const wholeOf = (runner: ProgramRunner): JobProcesses => runner as JobProcesses;

export function listen(processes: JobProcesses, spec: Omit<ChildSpec, 'stdout'>): Talk {
  const lines: string[] = [];
  let wake = Promise.withResolvers<void>();
  const onLine = (line: string): void => {
    lines.push(line);
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const result = processes.run({ ...spec, stdout: { kind: 'lines', onLine } });
  const line = async (n: number): Promise<string> => {
    for (;;) {
      const said = lines[n];
      if (said !== undefined) return said;
      const ended = await Promise.race([wake.promise, result]);
      if (ended !== undefined && lines[n] === undefined) {
        throw new Error(`Ended before line ${String(n)}: ${JSON.stringify(ended)}`);
      }
    }
  };
  return { lines, result, line };
}
