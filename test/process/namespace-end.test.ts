import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endNamespace } from '../../electron/work/process/kill-tree.ts';
import { onlyChildOf, readLinuxRow } from '../../electron/work/process/process-table.ts';

const notLinux = process.platform === 'linux' ? '' : ' (skipped: /proc is Linux’s)';

/**
 * `job` in a process group of its own, by a parent that waits for nobody: it has become another program, which speaks
 * only then. Answers both process ids.
 */
async function unwaited(job: string): Promise<{ readonly parent: ChildProcess; readonly pid: number }> {
  const parent = spawn('/bin/bash', ['-c', `set -m; ${job} & exec /bin/sh -c 'echo "$0"; exec sleep 100' "$!"`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  for await (const line of createInterface({ input: parent.stdout })) return { parent, pid: Number(line) };
  throw new Error('the shell said nothing');
}

describe.skipIf(notLinux !== '')(`the end of a namespace${notLinux}`, () => {
  it('is there once its process 1 is a zombie, though nobody waits for that', async () => {
    const { pid } = await unwaited('sleep 100');
    expect(await endNamespace(pid, pid)).toBe(true);
    expect(readLinuxRow(pid)).toBeNull();
  });

  it('cannot be told by the group alone as long as a zombie is in it', async () => {
    const { pid } = await unwaited('sleep 100');
    expect(await endNamespace(pid, undefined)).toBe(false);
    expect(readLinuxRow(pid)).toBeNull();
  });

  it('is told by the one child of the sandbox’s own process', async () => {
    const { parent, pid } = await unwaited('sleep 100');
    expect(onlyChildOf(parent.pid ?? 0)).toBe(pid);
    expect(onlyChildOf(pid)).toBeUndefined();
    const two = await unwaited('sleep 100 & sleep 100');
    expect(onlyChildOf(two.parent.pid ?? 0)).toBeUndefined();
  });
});
