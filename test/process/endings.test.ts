import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { ChildSpec, JobProcesses } from '../../electron/work/process/child.ts';
import { findTool } from '../../electron/work/process/find-tool.ts';
import { killNow } from '../../electron/work/process/kill-tree.ts';
import { eventually, gone, isAlive, standsStill } from '../support/children/alive.ts';
import { childProgram } from '../support/children/child-program.ts';
import { listen, testProcesses } from '../support/children/collected-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'rc-endings-'));
afterAll(() => rmSync(folder, { recursive: true }));
const ffmpeg = await findTool('ffmpeg', { env: process.env });

const groupOf = (processes: JobProcesses): Promise<number> => eventually(() => processes.groups()[0]);

describe('terminate', () => {
  it('ends a polite child at once, with its reason', async () => {
    const processes = testProcesses();
    const run = processes.run({ program: '/bin/sleep', args: ['60'] });
    const group = await groupOf(processes);
    await processes.terminate();
    expect(isAlive(group)).toBe(false);
    expect((await run).end).toEqual({ kind: 'cancelled' });
    expect(processes.groups()).toEqual([]);
  });

  it('lets a child finish its last words, then answers with what it said', async () => {
    const script = 'trap "echo goodbye; exit 0" TERM; echo ready; while :; do sleep 0.05; done';
    const processes = testProcesses();
    const talk = listen(processes, { program: '/bin/sh', args: ['-c', script] });
    await talk.line(0);
    await processes.terminate();
    expect((await talk.result).end).toEqual({ kind: 'cancelled' });
    expect(talk.lines).toEqual(['ready', 'goodbye']);
  });

  it('ends a child that ignores TERM, after it had its time', async () => {
    const processes = testProcesses();
    const talk = listen(processes, childProgram('ignore-sigterm'));
    await talk.line(0);
    await processes.terminate();
    expect(talk.lines).toContain('heard SIGTERM');
    expect((await talk.result).end).toEqual({ kind: 'cancelled' });
  });

  it('ends grandchildren that ignore TERM and left the group', async () => {
    const processes = testProcesses();
    const talk = listen(processes, childProgram('grandchild'));
    const pids: number[] = JSON.parse(await talk.line(0));
    expect(pids.filter(isAlive)).toHaveLength(3);
    await processes.terminate();
    await gone(pids);
  });

  it.skipIf(ffmpeg === null)('ends ffmpeg that waits for a FIFO named like a clip', async () => {
    const clip = join(folder, 'clip.mp4');
    execFileSync('mkfifo', [clip]);
    const processes = testProcesses();
    const run = processes.run({
      program: ffmpeg?.path ?? '',
      args: ['-nostdin', '-hide_banner', '-i', clip, '-f', 'null', '-'],
    });
    const group = await groupOf(processes);
    await delay(500);
    expect(isAlive(group)).toBe(true);
    await processes.terminate();
    expect(isAlive(group)).toBe(false);
    expect((await run).end).toEqual({ kind: 'cancelled' });
  });

  it('is hastened by kill', async () => {
    const processes = testProcesses();
    const talk = listen(processes, childProgram('ignore-sigterm'));
    await talk.line(0);
    const terminating = processes.terminate();
    await delay(300);
    await processes.kill();
    await terminating;
    expect((await talk.result).end).toEqual({ kind: 'cancelled' });
  });
});

describe('kill', () => {
  it('ends everybody: children, stopped ones, grandchildren wherever they are', async () => {
    const processes = testProcesses();
    const stubborn = listen(processes, childProgram('ignore-sigterm'));
    const family = listen(processes, childProgram('grandchild'));
    const pids: number[] = JSON.parse(await family.line(0));
    await stubborn.line(0);
    const [first] = processes.groups();
    process.kill(first ?? 0, 'SIGSTOP');
    await eventually(() => standsStill(first ?? 0));
    const everybody = [...pids, ...processes.groups()];
    await processes.kill();
    expect(everybody.filter(isAlive)).toEqual([]);
    expect((await stubborn.result).end).toEqual({ kind: 'killed' });
    expect((await family.result).end).toEqual({ kind: 'killed' });
  });

  it('by the lease thread, which knows the group alone, reaches everybody before the leader is gone', async () => {
    const processes = testProcesses();
    const family = listen(processes, childProgram('grandchild'));
    const everybody: number[] = [...JSON.parse(await family.line(0)), await groupOf(processes)];
    killNow(await groupOf(processes));
    await gone(everybody);
    expect((await family.result).end).toEqual({ kind: 'signalled', signal: 'SIGKILL' });
  });

  it('also ends a child that is just being started, and starts none afterwards', async () => {
    const processes = testProcesses();
    const spec: ChildSpec = { program: '/bin/sleep', args: ['60'] };
    const runs = [processes.run(spec), processes.run(spec)];
    await processes.kill();
    expect(processes.groups()).toEqual([]);
    for (const run of runs) expect((await run).end).toEqual({ kind: 'killed' });
    expect(await processes.run(spec)).toMatchObject({ end: { kind: 'killed' }, command: ['/bin/sleep', '60'] });
  });

  it('does not wait for a consumer that never answers', async () => {
    const processes = testProcesses();
    const stuck = { kind: 'bytes', onBytes: () => new Promise<void>(() => undefined) } as const;
    const run = processes.run({ program: '/usr/bin/yes', args: [], stdout: stuck });
    await delay(200);
    await processes.kill();
    expect((await run).end).toEqual({ kind: 'killed' });
  });

  it('cuts short the wait for a consumer of a child that already exited: its output is not whole', async () => {
    const processes = testProcesses();
    const stuck = { kind: 'bytes', onBytes: () => new Promise<void>(() => undefined) } as const;
    const run = processes.run({ program: '/bin/echo', args: ['x'], stdout: stuck });
    await delay(300);
    await processes.terminate();
    expect((await run).end).toEqual({ kind: 'cancelled' });
  });

  it('knows a child from the moment it exists, whenever kill comes', async () => {
    for (let microtasks = 0; microtasks < 40; microtasks++) {
      const processes = testProcesses();
      const run = processes.run({ program: '/bin/sleep', args: ['60'] });
      let group = 0;
      processes.onGroupsChanged((groups) => (group = groups[0] ?? group));
      for (let i = 0; i < microtasks; i++) await (i % 4 === 3 ? delay(0) : undefined);
      await processes.kill();
      if (group > 0) expect(isAlive(group)).toBe(false);
      expect((await run).end).toEqual({ kind: 'killed' });
      expect(processes.groups()).toEqual([]);
    }
  });

  it('leaves the children of other jobs alone', async () => {
    const [one, other] = [testProcesses(), testProcesses()];
    void one.run({ program: '/bin/sleep', args: ['60'] });
    void other.run({ program: '/bin/sleep', args: ['60'] });
    const survivor = await groupOf(other);
    await groupOf(one);
    await one.kill();
    expect(isAlive(survivor)).toBe(true);
    await other.kill();
  });
});

describe('the signal of one child', () => {
  it('ends this child alone', async () => {
    const processes = testProcesses();
    const abort = new AbortController();
    const one = processes.run({ program: '/bin/sleep', args: ['60'], signal: abort.signal });
    await groupOf(processes);
    const other = processes.run({ program: '/bin/sleep', args: ['0.5'] });
    await eventually(() => processes.groups().length === 2);
    abort.abort();
    expect((await one).end).toEqual({ kind: 'cancelled' });
    expect((await other).end).toEqual({ kind: 'exited', code: 0 });
    const late = await processes.run({ program: '/bin/sleep', args: ['60'], signal: abort.signal });
    expect(late.end).toEqual({ kind: 'cancelled' });
  });
});

describe('groups', () => {
  it('are told on every change', async () => {
    const processes = testProcesses();
    const seen: number[] = [];
    processes.onGroupsChanged((groups) => seen.push(groups.length));
    await Promise.all([1, 2].map(() => processes.run({ program: '/bin/sleep', args: ['0.2'] })));
    await eventually(() => seen.length === 4);
    expect(seen).toEqual([1, 2, 1, 0]);
  });
});
