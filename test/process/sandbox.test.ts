import { spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobProcesses } from '../../electron/work/process/child.ts';
import { findSandbox } from '../../electron/work/process/find-sandbox.ts';
import { createJobProcesses } from '../../electron/work/process/job-processes.ts';
import { createSandboxPort, type SandboxPolicy } from '../../electron/work/process/sandbox-port.ts';
import { ownPlaces } from '../../electron/work/process/spawn-node.ts';
import { eventually } from '../support/children/alive.ts';
import { childProgram } from '../support/children/child-program.ts';
import type { Loot } from '../support/children/hostile-tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'rc-sandbox-'));
const at = (...names: string[]): string => join(folder, ...names);
const found = await findSandbox(process.env);
const MISSING = found.kind === 'proved' ? null : found.why;
if (MISSING !== null) console.info(`  skipped: no sandbox on this machine, because ${MISSING}`);

const marker = `rushcatalog-stray-${process.pid}`;
const reached: string[] = [];
const servers: Server[] = [];

async function listen(where: number | string): Promise<Server> {
  const server = createServer((socket) => {
    reached.push(String(where));
    socket.destroy();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(where, resolve));
  return server;
}

beforeAll(() => {
  for (const name of ['work/runs/mine', 'work/runs/other', 'media']) mkdirSync(at(name), { recursive: true });
  writeFileSync(at('work/token'), 'secret');
  writeFileSync(at('work/journal.sqlite'), 'secret');
  writeFileSync(at('media/mine.mov'), 'film\n');
  writeFileSync(at('media/other.mov'), 'secret');
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

function sandboxed(policy: SandboxPolicy, readable: readonly string[] = []): JobProcesses {
  const port = createSandboxPort({ policy: () => policy, env: process.env });
  const confinement = { port, writable: [at('work/runs/mine')], readable: () => [...ownPlaces(), ...readable] };
  return createJobProcesses({
    runId: `sandbox-${process.pid}`,
    owner: 'sandbox-test',
    jobId: 'job',
    nice: 10,
    confinement,
  });
}

async function attack(policy: SandboxPolicy): Promise<Record<string, boolean>> {
  const tcp = (await listen(0)).address();
  const abstractSocket = `rushcatalog-${process.pid}-${policy}`;
  await listen(at(`work/${policy}.sock`));
  await listen(`\0${abstractSocket}`);
  const loot: Loot = {
    keys: at('work/token'),
    journal: at('work/journal.sqlite'),
    otherSource: at('media/other.mov'),
    mediaRoot: at('media'),
    besideSource: at(`media/owned-${policy}`),
    otherWorkspace: at(`work/runs/other/owned-${policy}`),
    // Nobody's machine is harmed by the run that may.
    system: policy === 'off' ? at('work/system-owned') : '/usr/rushcatalog-owned',
    agentPid: process.pid,
    port: typeof tcp === 'object' && tcp !== null ? tcp.port : 0,
    socket: at(`work/${policy}.sock`),
    abstractSocket,
    marker,
  };
  const tool = childProgram('hostile-tool', JSON.stringify(loot));
  const source = openSync(at('media/mine.mov'), 'r');
  try {
    const result = await sandboxed(policy, [dirname(tool.args[0] ?? '')]).run({
      ...tool,
      descriptors: [source],
      stdout: { kind: 'collect', maxBytes: 1 << 20 },
      limits: { wallMs: 30_000 },
    });
    expect(result.end, result.stderrTail.join('\n')).toEqual({ kind: 'exited', code: 0 });
    const left = strays();
    for (const pid of left) process.kill(pid, 'SIGKILL');
    return {
      ...(JSON.parse(result.stdout.toString()) as Record<string, boolean>),
      'outlive its parent': left.length > 0,
    };
  } finally {
    closeSync(source);
  }
}

/** Living processes with the marker in their arguments. */
function strays(): readonly number[] {
  const isStray = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(marker);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter(isStray)
    .map(Number);
}

describe.skipIf(MISSING !== null)('a sandboxed tool', () => {
  it('that is hostile gets nothing: no keys, no other source, no write, no network, no life after its parent', async () => {
    process.env['RUSHCATALOG_TEST_SECRET'] = 'secret';
    const tries = await attack('required');
    console.info(`  ${Object.keys(tries).length} escapes tried:`, tries);
    expect(Object.keys(tries).length).toBeGreaterThanOrEqual(12);
    expect(Object.entries(tries).filter(([, worked]) => worked)).toEqual([]);
    expect(reached).toEqual([]);
    expect(readFileSync(at('media/mine.mov'), 'utf8')).toBe('film\n');
    expect(readdirSync(at('media')).sort()).toEqual(['mine.mov', 'other.mov']);
  });

  it('would get most of it without: the tries are real ones', async () => {
    const tries = await attack('off');
    const worked = Object.entries(tries).filter(([, success]) => success);
    console.info(`  without a sandbox ${worked.length} of ${Object.keys(tries).length} work`);
    expect(worked.map(([name]) => name)).toEqual(
      expect.arrayContaining([
        'read the keys',
        'read another source',
        'connect to a server',
        'write into another workspace',
      ]),
    );
    writeFileSync(at('media/mine.mov'), 'film\n');
  });

  it('still does its work: reads its source, writes its folder, and its end is told as it was', async () => {
    const processes = sandboxed('required');
    const source = openSync(at('media/mine.mov'), 'r');
    const shell = (script: string) =>
      processes.run({
        program: '/bin/sh',
        args: ['-c', script],
        cwd: at('work/runs/mine'),
        descriptors: [source],
        stdout: { kind: 'collect', maxBytes: 1_000 },
        limits: { addressSpaceBytes: 2 ** 32 },
      });
    const read = await shell('cat /dev/fd/3; cat /dev/fd/3; echo made > output; ulimit -v');
    expect(read.stdout.toString()).toBe(`film\nfilm\n${2 ** 22}\n`);
    expect(readFileSync(at('work/runs/mine/output'), 'utf8')).toBe('made\n');
    expect((await shell('exit 7')).end).toEqual({ kind: 'exited', code: 7 });
    expect((await shell('kill -SEGV $$')).end).toEqual({ kind: 'signalled', signal: 'SIGSEGV' });
    closeSync(source);
  });

  it('reads a source that was renamed after it was opened, and never one that took its place', async () => {
    const processes = sandboxed('required');
    const read = async (fd: number): Promise<string> => {
      const args = ['-c', 'cat /dev/fd/3'];
      const { stdout } = await processes.run({
        program: '/bin/sh',
        args,
        descriptors: [fd],
        stdout: { kind: 'collect', maxBytes: 1_000 },
      });
      return stdout.toString();
    };
    const [first, moved] = [at('media/first.mov'), at('media/moved.mov')];
    writeFileSync(first, 'first');
    const fd = openSync(first, 'r');
    const { renameSync } = await import('node:fs');
    renameSync(first, moved);
    expect(await read(fd)).toBe('first');
    writeFileSync(at('media/new.mov'), 'secret');
    renameSync(at('media/new.mov'), moved);
    expect(await read(fd)).toBe('first');
    closeSync(fd);
    rmSync(moved);
  });

  it('stands still and goes on with its job, and dies with an agent that is killed', async () => {
    const parent = childProgram('sandboxed-parent', marker);
    const agent = spawn(parent.program, parent.args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => agent.stdout.once('data', resolve));
    expect(strays().length).toBeGreaterThan(1);
    agent.kill('SIGKILL');
    await eventually(() => strays().length === 0);
  });
});

describe('finding the sandbox', () => {
  it('says that none is there, and what to do', async () => {
    const port = createSandboxPort({
      policy: () => 'auto',
      env: {},
      find: () => Promise.resolve({ kind: 'unavailable', why: 'bubblewrap (bwrap) is not installed' }),
    });
    expect(await port.check()).toMatchObject({ level: 'limits-only', problem: { code: 'SANDBOX_UNAVAILABLE' } });
    expect(await port.choose()).toEqual({ kind: 'none' });
  });

  it('runs nothing at all where it is required and missing', async () => {
    const find = () => Promise.resolve({ kind: 'unavailable', why: 'bubblewrap is not installed' } as const);
    const port = createSandboxPort({ policy: () => 'required', env: {}, find });
    expect(await port.check()).toMatchObject({ level: 'none-may-run', problem: { code: 'SANDBOX_REQUIRED' } });
    const confinement = { port, writable: [], readable: () => [] };
    const processes = createJobProcesses({ runId: 'r', owner: 'sandbox-test', jobId: 'j', nice: 0, confinement });
    const { end } = await processes.run({ program: '/bin/sh', args: ['-c', 'true'] });
    expect(end).toMatchObject({ kind: 'not-started' });
  });

  it.skipIf(process.platform !== 'linux')('does not believe one that does not hold', async () => {
    // Answers like bubblewrap, and runs the program behind the `--` as it is.
    const fake = at('bwrap');
    const script =
      '[ "$1" = --version ] && { echo "bubblewrap 9.9"; exit; }; while [ "$1" != -- ]; do shift; done; shift';
    writeFileSync(fake, `#!/bin/sh\n${script}\n/bin/sh -c 'shift 4; exec "$@"' sh "$@"\n`);
    chmodSync(fake, 0o755);
    const answer = await findSandbox({ PATH: folder });
    expect(answer.kind).toBe('unavailable');
    console.info(`  a sandbox that does not hold: ${answer.kind === 'unavailable' ? answer.why : ''}`);
  });
});
