import { createJobProcesses } from '../../../electron/work/process/job-processes.ts';
import { createSandboxPort } from '../../../electron/work/process/sandbox-port.ts';

/** An agent in small: starts one sandboxed child that never ends. Argument: what stands in the child's arguments. */
const port = createSandboxPort({ policy: () => 'required', env: process.env });
const confinement = { port, writable: [], readable: () => [] };
const processes = createJobProcesses({ runId: 'r', owner: 'sandboxed-parent', jobId: 'j', nice: 0, confinement });
const result = await processes.run({
  program: '/bin/sh',
  args: ['-c', `echo up; while :; do sleep 1; done # ${process.argv[2] ?? ''}`],
  stdout: { kind: 'lines', onLine: (line) => process.stdout.write(`${line}\n`) },
});
process.stdout.write(`${JSON.stringify(result)}\n`);
