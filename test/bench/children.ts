import { findSandbox } from '../../electron/work/process/find-sandbox.ts';
import type { JobProcesses } from '../../electron/work/process/child.ts';
import { createJobProcesses } from '../../electron/work/process/job-processes.ts';
import { createSandboxPort } from '../../electron/work/process/sandbox-port.ts';
import { eventually } from '../support/children/alive.ts';
import { childProgram } from '../support/children/child-program.ts';
import { listen, testProcesses } from '../support/children/collected-run.ts';
import { median } from './statistics.ts';

export const CHILDREN_NAME = 'children: what starting one costs, and how soon it ends';

const STARTS = 30;
const WRAPPERS_MS = 5;
const SANDBOX_MS = 50;
const KILLED_MS = 2_000;
const TERMINATED_MS = 6_000;
const ENDS = 5;

const unwrapped = { wrappers: async () => ({}), supervisor: () => ({ add: () => {}, remove: () => {} }) };
const limits = { addressSpaceBytes: 4e9 };

const plain = (): JobProcesses => createJobProcesses({ runId: 'r', owner: 'bench', jobId: 'j', nice: 10 }, unwrapped);
const wrapped = (): JobProcesses => createJobProcesses({ runId: 'r', owner: 'bench', jobId: 'j', nice: 10 });
const sandboxed = (): JobProcesses => {
  const port = createSandboxPort({ policy: () => 'required', env: process.env });
  const confinement = { port, writable: [], readable: () => [] };
  return createJobProcesses({ runId: 'r', owner: 'bench', jobId: 'j', nice: 10, confinement });
};

/** The median of starts of `/bin/true`, ms: the first one finds the wrappers and the sandbox, and is not counted. */
async function startMs(processes: JobProcesses): Promise<number> {
  const walls: number[] = [];
  for (let n = 0; n <= STARTS; n += 1) {
    const { end, wallMs } = await processes.run({ program: '/bin/true', args: [], limits });
    if (end.kind !== 'exited') throw new Error(`It ended otherwise: ${JSON.stringify(end)}`);
    if (n > 0) walls.push(wallMs);
  }
  return median(walls);
}

/** The slowest end of a child that ignores TERM beside its three grandchildren that do so, ms. */
async function endMs(how: 'kill' | 'terminate', runs: number): Promise<number> {
  let slowest = 0;
  for (let n = 0; n < runs; n += 1) {
    const processes = testProcesses();
    await Promise.all(
      [childProgram('ignore-sigterm'), childProgram('grandchild')].map((program) => listen(processes, program).line(0)),
    );
    await eventually(() => processes.groups().length === 2);
    const asked = performance.now();
    await processes[how]();
    slowest = Math.max(slowest, performance.now() - asked);
  }
  return slowest;
}

/** What architecture.md and reliability.md promise about children in milliseconds; `npm test` measures no time. */
export async function measureChildren(): Promise<boolean> {
  const bare = await startMs(plain());
  const figures: [string, number, number][] = [
    ['setpriv, ionice and the shell add', (await startMs(wrapped())) - bare, WRAPPERS_MS],
    ['kill of two that ignore TERM and three below them', await endMs('kill', ENDS), KILLED_MS],
    ['terminate of the same', await endMs('terminate', 1), TERMINATED_MS],
  ];
  const sandbox = await findSandbox(process.env);
  if (sandbox.kind === 'proved') figures.push(['a sandbox adds', (await startMs(sandboxed())) - bare, SANDBOX_MS]);
  const held = figures.every(([, ms, limit]) => ms <= limit);
  console.log(`${CHILDREN_NAME}: ${held ? 'held' : 'MISSED'}`);
  for (const [what, ms, limit] of figures) console.log(`  ${what} ${ms.toFixed(1)} ms (limit ${limit} ms)`);
  return held;
}
