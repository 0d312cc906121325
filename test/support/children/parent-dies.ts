import { createGroupGuard } from '../../../electron/work/process/group-guard.ts';
import { createJobProcesses } from '../../../electron/work/process/job-processes.ts';
import { childProgram } from './child-program.ts';

/**
 * A small agent: starts one child through createJobProcesses, says every process id as JSON, and waits to be killed.
 * argv: owner, "kernel" (setpriv) | "supervisor" (no wrappers) | "guard" (no wrappers), "sleeper" | "grandchild" | "marked" | "ignore-sigterm".
 */
const [, , owner = 'test', way = 'kernel', name = 'sleeper'] = process.argv;
const processes = createJobProcesses(
  { runId: 'run-of-parent-dies', owner, jobId: 'job', nice: 0 },
  {
    ...(way === 'supervisor' || way === 'guard' ? { wrappers: async () => ({}) } : {}),
    ...(way === 'guard' ? { supervisor: createGroupGuard } : {}),
  },
);
const told = (line: string): void => {
  const others: unknown = line.startsWith('[') ? JSON.parse(line) : [];
  process.stdout.write(`${JSON.stringify([...processes.groups(), ...(Array.isArray(others) ? others : [])])}\n`);
};
await processes.run({
  ...(name === 'marked'
    ? childProgram('grandchild', 'marked')
    : childProgram(name === 'grandchild' || name === 'ignore-sigterm' ? name : 'sleeper')),
  stdout: { kind: 'lines', onLine: told },
});
