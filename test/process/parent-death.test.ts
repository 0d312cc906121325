import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { sendSignal } from '../../electron/work/process/kill-tree.ts';
import { launchArgs, shellSteps } from '../../electron/work/process/launch-args.ts';
import { proveWrappers } from '../../electron/work/process/wrappers.ts';
import { withEnvironmentEntry, readProcessTable } from '../../electron/work/process/process-table.ts';
import { createSupervisorLink } from '../../electron/work/process/supervisor-link.ts';
import { sweepStrayChildren } from '../../electron/work/process/sweep.ts';
import { eventually, gone, isAlive } from '../support/children/alive.ts';
import { childProgram } from '../support/children/child-program.ts';
import { testProcesses } from '../support/children/collected-run.ts';

const onLinux = process.platform === 'linux';
const started: ChildProcess[] = [];
const strays: number[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  for (const pid of strays.splice(0)) sendSignal(pid, 'SIGKILL');
});

/** Starts a small agent with one child; answers with the process ids of everybody below it. */
async function smallAgent(owner: string, way: string, name: string): Promise<{ agent: ChildProcess; pids: number[] }> {
  const { program, args } = childProgram('parent-dies', owner, way, name);
  const agent = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(agent);
  const line = await new Promise<string>((resolve) => {
    if (agent.stdout !== null) createInterface({ input: agent.stdout }).once('line', resolve);
  });
  const pids: number[] = JSON.parse(line);
  strays.push(...pids);
  expect(pids.filter(isAlive)).toEqual(pids);
  return { agent, pids };
}

describe.skipIf(!onLinux)('when the agent dies by kill -9, so do', () => {
  it.each([
    ['kernel', 'sleeper'],
    ['kernel', 'ignore-sigterm'],
    ['supervisor', 'sleeper'],
    ['supervisor', 'ignore-sigterm'],
    ['guard', 'sleeper'],
    ['guard', 'ignore-sigterm'],
    // The guard's promise holds for the group, the supervisor's for everybody.
    ['supervisor', 'grandchild'],
    ['supervisor', 'marked'],
  ])('by %s: %s', async (way, name) => {
    const { agent, pids } = await smallAgent(randomUUID(), way, name);
    agent.kill('SIGKILL');
    await gone(pids);
  });

  it.each([
    ['lives', true],
    ['was gone before the child asked for its death signal', false],
  ])('a program begins only when the agent %s', async (_, lives) => {
    const { program, args } = launchArgs(
      { ...{ program: '/bin/echo', args: ['begun'], nice: 10, dieWithParent: true }, lifeline: 3 },
      await proveWrappers(process.env),
    );
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    // A pipe, as asked for.
    const line = child.stdio[3] as Duplex;
    if (lives) line.write('\n');
    else line.destroy();
    expect(child.stdout === null ? '' : await text(child.stdout)).toBe(lives ? 'begun\n' : '');
  });

  it.each([
    ['begins when it may', '\n', 'begun\n'],
    ['never begins when the agent died before it told its guard', null, ''],
  ])('a sandbox %s', async (_, leave, said) => {
    const sandbox = { args: (steps: readonly string[]) => ['/usr/bin/env', ...shellSteps(steps)], errorNames: ['env'] };
    const { program, args } = launchArgs(
      { ...{ program: '/bin/echo', args: ['begun'], nice: 0, dieWithParent: true }, lifeline: 3, sandbox },
      await proveWrappers(process.env),
    );
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    started.push(child);
    const line = child.stdio[3] as Duplex;
    if (leave === null) line.destroy();
    else line.write(leave);
    expect(child.stdout === null ? null : await text(child.stdout)).toBe(said);
  });

  it('the guard forgets who has ended before, and spares everybody else', async () => {
    const sleep = (): ChildProcess => spawn('/bin/sleep', ['30'], { detached: true, stdio: 'ignore' });
    const [ended, held, stranger] = [sleep(), sleep(), sleep()];
    started.push(ended, held, stranger);
    const pids = [ended, held, stranger].map(({ pid }) => pid ?? 0);
    const agent = spawn(
      process.execPath,
      [
        '-e',
        `import(${JSON.stringify(new URL('../../electron/work/process/group-guard.ts', import.meta.url).href)}).then(({ createGroupGuard }) => {
          const guard = createGroupGuard();
          for (const leader of ${JSON.stringify(pids.slice(0, 2))}) guard.add({ leader, mark: 'x=y', startedTicks: 0 });
          guard.remove(${pids[0]});
          console.log('told');
          setInterval(() => undefined, 1000);
        })`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    started.push(agent);
    await new Promise((resolve) => agent.stdout?.once('data', resolve));
    agent.kill('SIGKILL');
    await gone([pids[1] ?? 0]);
    expect(pids.map(isAlive)).toEqual([true, false, true]);
  });

  it('a stopped child too', async () => {
    const { agent, pids } = await smallAgent(randomUUID(), 'supervisor', 'sleeper');
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    agent.kill('SIGKILL');
    await gone(pids);
  });

  it('the supervisor goes with the agent, and comes back when it is killed', async () => {
    const { agent, pids } = await smallAgent(randomUUID(), 'supervisor', 'sleeper');
    const supervisorOf = async (): Promise<number | undefined> =>
      (await readProcessTable()).find((row) => row.parent === agent.pid && !pids.includes(row.pid))?.pid;
    const first = (await supervisorOf()) ?? 0;
    expect(isAlive(first)).toBe(true);
    process.kill(first, 'SIGKILL');
    let second: number | undefined;
    for (let i = 0; i < 200 && (second === undefined || second === first); i++) {
      await delay(10);
      second = await supervisorOf();
    }
    expect(second).not.toBe(first);
    await delay(200); // it is seen from its fork on, a moment before the agent can have told it the list
    agent.kill('SIGKILL');
    await gone([...pids, second ?? 0]);
  });
});

describe('createSupervisorLink', () => {
  it('says so when the supervisor cannot be kept up, and tries no more', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const link = createSupervisorLink({ program: process.execPath, args: ['/nowhere/supervisor.js'] });
    expect((await warned).message).toContain('does not stay up');
    link.add({ leader: 1, mark: 'X=1', startedTicks: 1 });
    link.remove(1);
  });
});

describe.skipIf(!onLinux)('sweepStrayChildren', () => {
  it('ends what an earlier life left behind, and nobody else', async () => {
    const owner = randomUUID();
    const { agent, pids } = await smallAgent(owner, 'kernel', 'grandchild');
    const stranger = await smallAgent(randomUUID(), 'kernel', 'sleeper');
    const own = testProcesses({}, owner);
    const run = own.run({ program: '/bin/sleep', args: ['60'] });
    const ours = await eventually(() => own.groups()[0]);
    agent.kill('SIGKILL');
    // The kernel ended the child, the guard its group. The one with a cleared environment nobody can know.
    const [child = 0, inGroup = 0, inOwnSession = 0] = pids;
    await gone([child, inGroup]);
    expect(isAlive(inOwnSession)).toBe(true);
    const sweep = await sweepStrayChildren(owner);
    expect(sweep.ended).toEqual([inOwnSession]);
    expect(sweep.left).toEqual([]);
    expect([ours, ...stranger.pids].every(isAlive)).toBe(true);
    const marked = await withEnvironmentEntry(await readProcessTable(), `RUSHCATALOG_OWNER=${owner}`);
    expect(marked.map((row) => row.pid)).toEqual([ours]);
    await own.kill();
    expect((await run).end).toEqual({ kind: 'killed' });
  });

  it('does not end the agent or its ancestors when they carry the mark themselves', async () => {
    const owner = randomUUID();
    const processes = testProcesses({}, owner);
    const { program, args } = childProgram('sleeper');
    const url = new URL('../../electron/work/process/sweep.ts', import.meta.url).href;
    const script = `import('${url}').then(async (m) => console.log(JSON.stringify(await m.sweepStrayChildren('${owner}'))))`;
    // A shell that carries the mark runs an agent that carries it too.
    const sh = `"${program}" -e "${script}"; echo alive`;
    const result = await processes.run({
      program: '/bin/sh',
      args: ['-c', sh],
      stdout: { kind: 'collect', maxBytes: 1_000 },
    });
    expect(args).toHaveLength(1);
    expect(result.stdout.toString()).toBe('{"ended":[],"left":[]}\nalive\n');
  });
});
