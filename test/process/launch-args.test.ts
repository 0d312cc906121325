import { describe, expect, it } from 'vitest';
import { launchArgs, lifelineOf, shellSteps } from '../../electron/work/process/launch-args.ts';
import { proveWrappers } from '../../electron/work/process/wrappers.ts';

const all = { setpriv: '/usr/bin/setpriv', nice: '/usr/bin/nice' };
const tool = ['/opt/ffmpeg', '-i', 'x'];
const wish = { program: '/opt/ffmpeg', args: ['-i', 'x'], nice: 10, addressSpaceBytes: 1e9, dieWithParent: true };
const limit = 'ulimit -v 976562 2>/dev/null';
const leave = 'read -r _ <&4 || exit 137';
const sign = 'echo >&4 || exit 137; exec 4>&-; unset PWD';
const shell = (script: string): string[] => ['/bin/sh', '-c', `${script}; exec "$@"`, 'sh'];
const setpriv = ['--pdeathsig', 'KILL', '--'];

describe('launchArgs', () => {
  it('puts setpriv first and the memory limit last', () => {
    expect(launchArgs(wish, all)).toEqual({
      program: '/usr/bin/setpriv',
      args: [...setpriv, '/usr/bin/nice', '-n', '10', '--', ...shell(limit), ...tool],
      wrapperNames: ['setpriv', 'nice', 'sh'],
    });
  });

  it('lets one shell wait for the agent, say that the child lives, and limit it, once all wrappers are behind it', () => {
    expect(launchArgs({ ...wish, lifeline: 4 }, all)).toEqual({
      program: '/usr/bin/setpriv',
      args: [...setpriv, ...shell(`${leave}; ${sign}; ${limit}`), ...tool],
      wrapperNames: ['setpriv', 'sh'],
    });
    expect(launchArgs({ ...wish, lifeline: 4 }, {}).args).toEqual([...shell(limit).slice(1), ...tool]);
    expect([0, 5, 6].map(lifelineOf)).toEqual([3, 8, undefined]);
  });

  it('lets a sandbox begin when the agent says so, and its program say that it lives from inside', () => {
    const sandbox = {
      args: (steps: readonly string[]) => ['/usr/bin/bwrap', ...shellSteps(steps)],
      errorNames: ['bwrap'],
    };
    expect(launchArgs({ ...wish, lifeline: 4, sandbox }, all).args).toEqual([
      ...setpriv,
      ...shell(leave),
      '/usr/bin/bwrap',
      ...shell(`${sign}; ${limit}`),
      ...tool,
    ]);
  });

  it('leaves out what is not there or not wished', () => {
    const bare = { program: '/opt/ffmpeg', args: ['-i', 'x'], wrapperNames: [] };
    const { addressSpaceBytes: _none, ...unlimited } = wish;
    expect(launchArgs(unlimited, {})).toEqual(bare);
    expect(launchArgs({ program: '/opt/ffmpeg', args: ['-i', 'x'], nice: 0, dieWithParent: false }, all)).toEqual(bare);
    expect(launchArgs({ ...unlimited, dieWithParent: false }, all).args).toEqual(['-n', '10', '--', ...tool]);
  });
});

describe('proveWrappers', () => {
  it.skipIf(process.platform !== 'linux')('believes a wrapper only when a run of it worked', async () => {
    const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
    const folder = await mkdtemp('/tmp/rc-wrappers-');
    // Like busybox: there is a setpriv, but not this option.
    await writeFile(`${folder}/setpriv`, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const proven = await proveWrappers({ PATH: `${folder}:/usr/bin:/bin` });
    await rm(folder, { recursive: true });
    expect(proven.setpriv).toBeUndefined();
    expect(proven.nice).toMatch(/^\/(usr\/)?bin\/nice$/);
  });
});
