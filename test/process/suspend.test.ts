import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually, isAlive, standsStill, stateOf } from '../support/children/alive.ts';
import { childProgram } from '../support/children/child-program.ts';
import { listen, testProcesses } from '../support/children/collected-run.ts';

const onLinux = process.platform === 'linux';

describe.skipIf(!onLinux)('suspend and resume', () => {
  it('stops children and grandchildren, and lets them go on', async () => {
    const processes = testProcesses();
    const talk = listen(processes, childProgram('grandchild'));
    const pids: number[] = JSON.parse(await talk.line(0));
    const everybody = [...pids, ...processes.groups()];
    const states = (): string => everybody.map(stateOf).join('');
    processes.suspend();
    expect(processes.suspended).toBe(true);
    await eventually(() => everybody.every(standsStill));
    processes.resume();
    expect(processes.suspended).toBe(false);
    await eventually(() => !states().includes('T'));
    expect(everybody.every(isAlive)).toBe(true);
    await processes.kill();
  });

  it('starts nothing while suspended', async () => {
    const processes = testProcesses();
    processes.suspend();
    const run = processes.run({ program: '/bin/echo', args: ['late'], stdout: { kind: 'collect', maxBytes: 100 } });
    await delay(200);
    expect(processes.groups()).toEqual([]);
    processes.resume();
    expect((await run).stdout.toString()).toBe('late\n');
  });

  it('a child waiting to be started can be cancelled, killed, and by its own signal', async () => {
    const spec = { program: '/bin/echo', args: [] };
    const cancelled = testProcesses();
    cancelled.suspend();
    const first = cancelled.run(spec);
    await cancelled.terminate();
    expect((await first).end).toEqual({ kind: 'cancelled' });
    const own = testProcesses();
    own.suspend();
    expect((await own.run({ ...spec, signal: AbortSignal.timeout(50) })).end).toEqual({ kind: 'cancelled' });
  });

  it.each(['kill', 'terminate'] as const)('%s ends suspended children', async (how) => {
    const processes = testProcesses();
    const script = 'trap "echo woken; exit 0" TERM; echo ready; while :; do sleep 0.05; done';
    const talk = listen(processes, { program: '/bin/sh', args: ['-c', script] });
    await talk.line(0);
    const group = await eventually(() => processes.groups()[0]);
    processes.suspend();
    await eventually(() => standsStill(group));
    await processes[how]();
    expect(isAlive(group)).toBe(false);
    expect((await talk.result).end.kind).toBe(how === 'kill' ? 'killed' : 'cancelled');
    expect(talk.lines).toEqual(how === 'kill' ? ['ready'] : ['ready', 'woken']);
  });

  it('who is being ended is not stopped again', async () => {
    const processes = testProcesses();
    const script = 'trap "sleep 1; echo woken; exit 0" TERM; echo ready; while :; do sleep 0.05; done';
    const talk = listen(processes, { program: '/bin/sh', args: ['-c', script] });
    await talk.line(0);
    processes.suspend();
    await processes.terminate();
    await talk.result;
    expect(talk.lines).toEqual(['ready', 'woken']);
  });

  it('suspended time counts neither as wall clock nor as a stall', async () => {
    const processes = testProcesses();
    const run = processes.run({
      program: '/bin/sleep',
      args: ['1.2'],
      limits: { wallMs: 1_000, stallMs: 1_000 },
    });
    await eventually(() => processes.groups()[0]);
    await delay(300);
    processes.suspend();
    await delay(1_500);
    processes.resume();
    const result = await run;
    expect(result.end).toEqual({ kind: 'exited', code: 0 });
  });
});
