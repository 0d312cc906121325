import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { createJobProcesses } from '../../electron/work/process/job-processes.ts';
import { gone } from '../support/children/alive.ts';
import { childProgram } from '../support/children/child-program.ts';
import { listen, testProcesses } from '../support/children/collected-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'rc-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

const shell = (script: string) => ({ program: '/bin/sh', args: ['-c', script] });
const collect = { kind: 'collect', maxBytes: 1_000_000 } as const;

describe('run', () => {
  it('answers with code, output and the command as it was meant', async () => {
    const result = await createJobProcesses({ runId: 'r', owner: 'o', jobId: 'j', nice: 10 }).run({
      ...shell('echo out; echo first >&2; printf last >&2; exit 3'),
      stdout: collect,
      limits: { addressSpaceBytes: 2e9 },
    });
    expect(result).toMatchObject({
      end: { kind: 'exited', code: 3 },
      stderrTail: ['first', 'last'],
      command: ['/bin/sh', '-c', 'echo out; echo first >&2; printf last >&2; exit 3'],
    });
    expect(result.stdout.toString()).toBe('out\n');
  });

  it('tells a signal from an exit', async () => {
    expect((await testProcesses().run(shell('kill -SEGV $$'))).end).toEqual({ kind: 'signalled', signal: 'SIGSEGV' });
  });

  it('clears the environment and marks the child', async () => {
    process.env['RC_SECRET_OF_OURS'] = 'x';
    const processes = createJobProcesses({ runId: 'run-7', owner: 'owner-7', jobId: 'j', nice: 0 });
    const result = await processes.run({ program: '/usr/bin/env', args: [], stdout: collect, env: { EXTRA: '1' } });
    delete process.env['RC_SECRET_OF_OURS'];
    const names = result.stdout.toString().trim().split('\n').sort();
    expect(names.map((line) => line.split('=')[0]).join(' ')).toBe(
      'EXTRA HOME LANG PATH RUSHCATALOG_CHILD RUSHCATALOG_OWNER RUSHCATALOG_RUN_ID TMPDIR',
    );
    expect(names).toContain('LANG=C.UTF-8');
    expect(names).toContain('RUSHCATALOG_RUN_ID=run-7');
    expect(names).toContain('RUSHCATALOG_OWNER=owner-7');
  });

  it.skipIf(process.platform !== 'linux')(
    'applies nice and the address-space limit, in a group of its own',
    async () => {
      const processes = createJobProcesses({ runId: 'r', owner: 'o', jobId: 'j', nice: 7 });
      const script = 'nice; ulimit -v; echo $$; cut -d" " -f5 /proc/$$/stat';
      const result = await processes.run({
        ...shell(script),
        stdout: collect,
        limits: { addressSpaceBytes: 1024 ** 3 },
      });
      const [nice, limitKib, pid, group] = result.stdout.toString().trim().split('\n');
      // On top of ours: the tests may run at a low priority themselves.
      expect([nice, limitKib]).toEqual([String(Math.min(19, getPriority() + 7)), String(1024 ** 2)]);
      expect(group).toBe(pid);
    },
  );

  it.skipIf(process.platform !== 'linux')('lowers the priority where there is no nice program', async () => {
    const bare = { wrappers: async () => ({}), supervisor: () => ({ add: () => {}, remove: () => {} }) };
    const processes = createJobProcesses({ runId: 'r', owner: 'o', jobId: 'j', nice: 7 }, bare);
    const wanted = Math.min(19, getPriority() + 7);
    expect((await processes.run({ ...shell('sleep 0.1; nice'), stdout: collect })).stdout.toString()).toBe(
      `${wanted}\n`,
    );
  });

  it('gives stdin, then closes it; without one the child reads nothing', async () => {
    const given = await testProcesses().run({ ...shell('cat'), stdin: 'höi', stdout: collect });
    expect(given.stdout.toString()).toBe('höi');
    const none = await testProcesses().run({ ...shell('cat; echo end'), stdout: collect });
    expect(none.stdout.toString()).toBe('end\n');
    const unread = await testProcesses().run({ ...shell('exit 0'), stdin: Buffer.alloc(5_000_000) });
    expect(unread.end).toEqual({ kind: 'exited', code: 0 });
  });

  it('passes descriptors as 3, 4, … through the wrappers', async () => {
    writeFileSync(join(folder, 'a'), 'first ');
    writeFileSync(join(folder, 'b'), 'second');
    const descriptors = [openSync(join(folder, 'a'), 'r'), openSync(join(folder, 'b'), 'r')];
    const processes = createJobProcesses({ runId: 'r', owner: 'o', jobId: 'j', nice: 5 });
    const result = await processes.run({ ...shell('cat <&3; cat /dev/fd/4'), descriptors, stdout: collect });
    for (const fd of descriptors) closeSync(fd);
    expect(result.stdout.toString()).toBe('first second');
  });

  it('puts lines together however they arrive', async () => {
    const talk = listen(testProcesses(), childProgram('half-lines'));
    await talk.result;
    expect(talk.lines).toEqual(['frame=1 café', 'frame=2 naïve', 'frame=3', 'last']);
  });

  it('survives 64 MiB of stderr, with and without line ends, and keeps a bounded tail', async () => {
    for (const kind of ['lines', 'no-lines']) {
      const before = process.memoryUsage().rss;
      const result = await testProcesses().run({ ...childProgram('flood-stderr', 64, kind), stdout: collect });
      const grown = (process.memoryUsage().rss - before) / 1024 ** 2;
      expect(result.end).toEqual({ kind: 'exited', code: 0 });
      expect(result.stdout.toString()).toBe('done\n');
      expect(result.stderrTail).toHaveLength(kind === 'lines' ? 40 : 1);
      expect(Math.max(...result.stderrTail.map((line) => line.length))).toBeLessThanOrEqual(2_000);
      expect(grown).toBeLessThan(150);
    }
  });

  it('holds the pipe back while a consumer is busy and loses nothing', async () => {
    const received: Buffer[] = [];
    let busy = 0;
    let most = 0;
    const result = await testProcesses().run({
      program: '/usr/bin/head',
      args: ['-c', '3000000', '/dev/zero'],
      stdout: {
        kind: 'bytes',
        onBytes: async (chunk) => {
          most = Math.max(most, ++busy);
          await delay(5);
          received.push(chunk);
          busy--;
        },
      },
    });
    expect(result.end).toEqual({ kind: 'exited', code: 0 });
    expect(most).toBe(1);
    expect(Buffer.concat(received)).toHaveLength(3_000_000);
  });

  it('loses nothing to a consumer that is slower than the drain of the pipes', async () => {
    let received = 0;
    const result = await testProcesses().run({
      program: '/usr/bin/head',
      args: ['-c', '150000', '/dev/zero'],
      stdout: {
        kind: 'bytes',
        onBytes: async (chunk) => {
          await delay(700); // the child has long exited by then, and the drain allows 500 ms of silence
          received += chunk.length;
        },
      },
    });
    expect(result.end).toEqual({ kind: 'exited', code: 0 });
    expect(received).toBe(150_000);
  });

  it('ends a child whose consumer fails, whether it throws or rejects', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    const uses = [
      { kind: 'bytes', onBytes: () => Promise.reject(full) } as const,
      {
        kind: 'lines',
        onLine: () => {
          throw full;
        },
      } as const,
    ];
    for (const stdout of uses) {
      const result = await testProcesses().run({ program: '/usr/bin/yes', args: [], stdout });
      expect(result.end).toEqual({ kind: 'consumer-failed', message: full.message, diskFull: true });
    }
  });

  it('keeps what `collect` allows and ends a child that says more', async () => {
    const stdout = { kind: 'collect', maxBytes: 10 } as const;
    const exact = await testProcesses().run({ ...shell('printf 0123456789'), stdout });
    expect(exact.end).toEqual({ kind: 'exited', code: 0 });
    const more = await testProcesses().run({ program: '/usr/bin/yes', args: [], stdout });
    expect(more.end).toEqual({ kind: 'too-much-output' });
    expect(more.stdout).toHaveLength(10);
  });

  it.each([
    ['/nowhere/ffmpeg', 'does not exist (ENOENT)'],
    [import.meta.filename, 'may not be executed (EACCES)'],
    [tmpdir(), 'is not a program file'],
    ['ffmpeg', 'not named by an absolute path'],
  ])('says why %s cannot be started', async (program, message) => {
    const result = await testProcesses().run({ program, args: [] });
    expect(result.end).toEqual({ kind: 'not-started', message: expect.stringContaining(message) as string });
  });

  it('says so when the kernel refuses the file behind the wrappers, and when the folder is missing', async () => {
    const broken = join(folder, 'broken');
    writeFileSync(broken, '#!/nowhere/interpreter\n', { mode: 0o755 });
    const deps = [{}, { wrappers: async () => ({}), supervisor: () => ({ add: () => {}, remove: () => {} }) }];
    for (const each of deps) {
      expect((await testProcesses(each).run({ program: broken, args: [] })).end.kind).toBe('not-started');
    }
    const result = await testProcesses().run({ ...shell(':'), cwd: join(folder, 'missing') });
    expect(result.end).toEqual({ kind: 'not-started', message: expect.stringContaining('The folder') as string });
  });

  it('starts nothing that would outlive us', async () => {
    const message = 'No Node 24 was found beside the app; reinstall it.';
    const supervisor = (): never => {
      throw new Error(message);
    };
    const result = await testProcesses({ wrappers: async () => ({}), supervisor }).run(shell(':'));
    expect(result.end).toEqual({ kind: 'not-started', message });
  });

  it('does not take a program’s own exit code 127 for a failed start', async () => {
    expect((await testProcesses().run(shell('echo nothing found >&2; exit 127'))).end).toEqual({
      kind: 'exited',
      code: 127,
    });
  });
});

describe('pipes that stay open after the child', () => {
  it.each(['quiet', 'flood'])('is not held up by a stranger who holds them (%s)', async (how) => {
    const talk = listen(testProcesses(), childProgram('leak-pipe', 900_000, how));
    const holder = Number((await talk.line(0)).split(' ')[1]);
    const result = await talk.result;
    expect(result.end).toEqual({ kind: 'exited', code: 0 });
    // The stranger holds them for longer than this test may take; one that floods ends when nobody reads any more.
    if (how === 'quiet') process.kill(-holder, 'SIGKILL');
    await gone([holder]);
  });

  it('ends whom the child left behind, in its group or marked as its own', async () => {
    const talk = listen(testProcesses(), childProgram('grandchild', 'exit'));
    await talk.result;
    const pids: number[] = JSON.parse(await talk.line(0));
    expect(pids).toHaveLength(2);
    await gone(pids);
  });
});
