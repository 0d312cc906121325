import { describe, expect, it } from 'vitest';
import { launchArgs, lifelineOf } from '../../electron/work/process/launch-args.ts';
import { proveWrappers } from '../../electron/work/process/wrappers.ts';

const all = { setpriv: '/usr/bin/setpriv', nice: '/usr/bin/nice', prlimit: '/usr/bin/prlimit' };
const wish = { program: '/opt/ffmpeg', args: ['-i', 'x'], nice: 10, addressSpaceBytes: 1e9, dieWithParent: true };

describe('launchArgs', () => {
  it('puts setpriv first and the memory limit last', () => {
    expect(launchArgs(wish, all)).toEqual({
      program: '/usr/bin/setpriv',
      args: '--pdeathsig KILL -- /usr/bin/nice -n 10 -- /usr/bin/prlimit --as=1000000000 -- /opt/ffmpeg -i x'.split(
        ' ',
      ),
      wrapperNames: ['setpriv', 'nice', 'prlimit'],
    });
  });

  it('lets the child say that it lives once all wrappers are behind it', () => {
    const { args, wrapperNames } = launchArgs({ ...wish, lifeline: 4 }, all);
    const sign = ['/bin/sh', '-c', 'echo >&4 || exit 137; exec 4>&-; unset PWD; exec "$@"', 'sh'];
    expect(args.slice(args.indexOf('/bin/sh'))).toEqual([
      ...sign,
      all.prlimit,
      '--as=1000000000',
      '--',
      '/opt/ffmpeg',
      '-i',
      'x',
    ]);
    expect(wrapperNames).toEqual(['setpriv', 'nice', 'sh', 'prlimit']);
    expect(launchArgs({ ...wish, lifeline: 4 }, {}).args).toEqual(['-i', 'x']);
    expect([0, 5, 6].map(lifelineOf)).toEqual([3, 8, undefined]);
  });

  it('leaves out what is not there or not wished', () => {
    const bare = { program: '/opt/ffmpeg', args: ['-i', 'x'], wrapperNames: [] };
    expect(launchArgs(wish, {})).toEqual(bare);
    expect(launchArgs({ program: '/opt/ffmpeg', args: ['-i', 'x'], nice: 0, dieWithParent: false }, all)).toEqual(bare);
    expect(launchArgs({ ...wish, dieWithParent: false }, { setpriv: all.setpriv, nice: all.nice }).args).toEqual([
      '-n',
      '10',
      '--',
      '/opt/ffmpeg',
      '-i',
      'x',
    ]);
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
