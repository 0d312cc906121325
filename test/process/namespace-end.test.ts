import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endNamespace } from '../../electron/work/process/kill-tree.ts';
import { onlyChildOf, readLinuxRow } from '../../electron/work/process/process-table.ts';

const notLinux = process.platform === 'linux' ? '' : ' (skipped: /proc is Linux’s)';

/** Lives until the test lets go of the pipe. */
const JOB = 'cat <&3 >/dev/null';

/**
 * `job` in a process group of its own, by a parent that waits for nobody: it has become another program, which speaks
 * only then. Answers both process ids.
 */
async function unwaited(job: string): Promise<{ readonly parent: number; readonly pid: number }> {
  const script = `set -m; ${job} & exec /bin/sh -c 'echo "$$ $0"; exec ${JOB}' "$!"`;
  const { stdout, stdio } = spawn('/bin/bash', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
  onTestFinished(() => void stdio[3]?.destroy());
  for await (const line of createInterface({ input: stdout ?? Readable.from([]) })) {
    const [parent = 0, pid = 0] = line.split(' ').map(Number);
    return { parent, pid };
  }
  throw new Error('the shell said nothing');
}

describe.skipIf(notLinux !== '')(`the end of a namespace${notLinux}`, () => {
  it('is there once its process 1 is a zombie, though nobody waits for that', async () => {
    const { pid } = await unwaited(JOB);
    expect(await endNamespace(pid, pid)).toBe(true);
    expect(readLinuxRow(pid)).toBeNull();
  });

  it('leaves nobody alive where its process 1 is not known either', async () => {
    const { pid } = await unwaited(JOB);
    // Whether the group alone tells it within its time is its parent's affair: somebody may wait for a zombie after all.
    await endNamespace(pid, undefined);
    expect(readLinuxRow(pid)).toBeNull();
  });

  it('is told by the one child of the sandbox’s own process', async () => {
    const { parent, pid } = await unwaited(JOB);
    expect(onlyChildOf(parent)).toBe(pid);
    expect(onlyChildOf(pid)).toBeUndefined();
    const two = await unwaited(`${JOB} & ${JOB}`);
    expect(onlyChildOf(two.parent)).toBeUndefined();
  });
});
