import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build.mjs';
import { packHeadless } from '../../scripts/pack/headless.ts';
import { h264Clip } from '../support/made-media.ts';
import { openMachine, waitFor, whyNoMachine, type Machine } from './machine.ts';
import { makePackage } from './made-package.ts';

const UNIT = 'rushcatalog-agent.service';
const APP = '/opt/RushCatalog Agent';
const why = whyNoMachine();
if (why !== null) console.log(`The DEB and the service are not tried: ${why}.`);

/** On a machine of its own: a real dpkg, a real systemd, the hardened unit as it ships. */
describe.skipIf(why !== null)('the DEB and its service', () => {
  let machine: Machine;
  const folder = mkdtempSync(join(tmpdir(), 'deb-'));
  const share = join(folder, 'share');

  const debOf = (version: string): string => {
    const { output } = makePackage('linux-x64', join(folder, 'made'), { formats: ['deb'], version });
    const name = readdirSync(output).find((file) => file.endsWith('.deb'));
    if (name === undefined) throw new Error('no .deb was made');
    copyFileSync(join(output, name), join(share, `${version}.deb`));
    return name;
  };
  const files = (): string[] =>
    machine
      .run(
        `find /opt /etc /usr/bin /lib/systemd/system /usr/share/applications /usr/share/icons /var/lib -xdev \\( -type f -o -type l \\) -newer /tmp/began -o -xdev -type l -newer /tmp/began`,
      )
      .split('\n')
      .filter((path) => /rushcatalog/i.test(path) && !path.startsWith('/var/lib/dpkg/'));
  const mainPid = (): number => Number(machine.run(`systemctl show ${UNIT} -p MainPID --value`));
  const isActive = (): boolean => machine.attempt(`systemctl is-active ${UNIT}`).code === 0;
  const journal = (): string => machine.run(`journalctl -u ${UNIT} --no-pager -o cat`);

  const operator = (method: string, path: string, body: string): string =>
    machine.run(
      `curl -fsS --max-time 60 --retry 10 --retry-connrefused --retry-delay 1 -X ${method} http://127.0.0.1:4180/api/v1${path} -H "Authorization: Bearer $(cat /var/lib/team/operator-token)" -H 'Content-Type: application/json' ${body === '' ? '' : `-d '${body}'`}`,
    );
  const order = (type: string): string => {
    const asset = JSON.parse(operator('POST', '/assets', '{"source_path":"rushes/clip.mp4","media_type":"video"}')) as {
      uuid: string;
    };
    const job = JSON.parse(
      operator('POST', '/jobs', JSON.stringify({ asset_uuid: asset.uuid, job_type: type, inputs: {} })),
    ) as { job_id: string };
    return job.job_id;
  };
  const statusOf = (id: string): string =>
    (
      JSON.parse(operator('GET', '/jobs/all?limit=50', '')) as { items: { job_id: string; status: string }[] }
    ).items.find(({ job_id }) => job_id === id)?.status ?? '';

  beforeAll(async () => {
    ensureBuilt();
    execFileSync('mkdir', ['-p', share]);
    console.log(`packages: ${debOf('0.1.0')}, ${debOf('0.2.0')}`);
    const headless = { which: 'agent', version: '0.3.0', formats: ['deb'], target: 'linux-x64', fast: true } as const;
    copyFileSync(packHeadless({ ...headless, output: folder })[0] ?? '', join(share, 'headless.deb'));
    copyFileSync(await h264Clip(), join(share, 'clip.mp4'));
    machine = await openMachine(share);
    machine.run('touch /tmp/began; sleep 1');
  });
  afterAll(async () => {
    await machine?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('installs: the command works and the service is there, switched off', () => {
    // The window's libraries (GTK and the like) are not on every test machine; the service needs none of them.
    machine.run('dpkg --force-depends -i /tmp/share/0.1.0.deb');
    expect(machine.run('rushcatalog-agent --version').trim()).toBe('0.1.0');
    expect(machine.attempt(`systemctl is-enabled ${UNIT}`).output).toContain('disabled');
    machine.run('test -s /usr/share/metainfo/org.rushcatalog.agent.metainfo.xml');
    expect(machine.run(`stat -c '%a %U' '${APP}/resources/app.asar' /usr/bin/rushcatalog-agent`)).toMatch(/^644 root/);
    expect(machine.run(`find '${APP}' ! -user root -o -perm -o+w ! -type l | head`)).toBe('');
  });

  it('does a job by the installed command', () => {
    machine.run('cd /root && rushcatalog-agent process /tmp/share/clip.mp4 --jobs thumbnails --out /root/results');
    expect(machine.run('find /root/results -name "*.webp" | wc -l').trim()).not.toBe('0');
  });

  it('works as a service under the hardened unit, for a server, by policy alone', async () => {
    machine.run(`
      systemd-run --unit=team-server rushcatalog-agent server --data /var/lib/team --port 4180
      mkdir -p /srv/rushes && cp /tmp/share/clip.mp4 /srv/rushes/`);
    await waitFor(() => machine.attempt('curl -fsS http://127.0.0.1:4180/readyz').code === 0, 'the server', 120_000);
    const { token } = JSON.parse(operator('POST', '/agents/enrollments', '{}')) as { token: string };
    machine.run(`
      umask 027
      echo '${token}' > /etc/rushcatalog-agent/enrolment-token
      cat > /etc/rushcatalog-agent/policy.json <<X
      {"settings": {"serverUrl": "http://127.0.0.1:4180", "mediaRoots": [{"name": "rushes", "path": "/srv/rushes"}]},
       "enrolment": {"tokenFile": "/etc/rushcatalog-agent/enrolment-token"}}
X
      chgrp rushcatalog /etc/rushcatalog-agent/*
      systemctl enable --now ${UNIT}`);
    await waitFor(() => journal().includes('Connected.'), 'the connection', 400_000);
    expect(machine.run(`ps -o user= -p ${String(mainPid())}`).trim()).not.toBe('root');
    const bearer = machine.run('cat /var/lib/rushcatalog-agent/token').trim();
    expect(bearer).not.toBe(token);
    expect(machine.run('stat -c "%a %U" /var/lib/rushcatalog-agent/token').trim()).toBe('600 rushcatalog');
    const said = machine.run(`cat /proc/${String(mainPid())}/cmdline /proc/${String(mainPid())}/environ`) + journal();
    for (const secret of [bearer, token]) expect(said).not.toContain(secret);
    const security = machine.run(`systemd-analyze security ${UNIT} --no-pager | tail -1`);
    console.log(security.trim());
    // Namespaces and mounts are allowed for the sandbox of the tools (service-sandbox.pack.ts): that costs 0.7 points.
    expect(Number(/: ([\d.]+)/.exec(security)?.[1])).toBeLessThan(4);
  });

  it('does jobs inside its sandbox', async () => {
    const id = order('generate_video_proxies');
    await waitFor(() => ['completed', 'failed'].includes(statusOf(id)), 'the job’s end', 400_000);
    expect(statusOf(id), journal()).toBe('completed');
  });

  it('is seen and paused by the editors of the machine, changed by none of them, and hidden from strangers', () => {
    machine.run(`
      useradd --create-home editor && usermod -aG rushcatalog-users editor
      useradd --create-home stranger`);
    const as = (who: string, words: string) =>
      machine.attempt(
        `HOME=/home/${who} setpriv --reuid=${who} --regid=${who} --init-groups rushcatalog-agent ${words}`,
      );
    expect(JSON.parse(machine.run('rushcatalog-agent status --json'))).toMatchObject({ running: true });
    expect(JSON.parse(as('editor', 'status --json').output)).toMatchObject({ running: true });
    expect(as('editor', 'pause --for 1h').output).toMatch(/paused/i);
    expect(as('editor', 'resume')).toMatchObject({ code: 0 });
    expect(as('editor', 'drain').complaint).toContain('[SERVICE_MANAGED]');
    expect(as('stranger', 'status')).toMatchObject({
      code: 1,
      complaint: expect.stringContaining('[SERVICE_RUNNING]'),
    });
    // The group opens the socket, not what only the service may read.
    expect(as('editor', 'status --work /var/lib/rushcatalog-agent').code).not.toBe(0);
    const reading = 'cat /etc/rushcatalog-agent/policy.json /var/lib/rushcatalog-agent/token';
    expect(machine.attempt(`setpriv --reuid=editor --regid=editor --init-groups ${reading}`).output).toBe('');
  });

  it('is started again after it was killed', async () => {
    const before = mainPid();
    machine.run(`kill -9 ${String(before)}`);
    const after = await waitFor(() => {
      const pid = mainPid();
      return pid > 0 && pid !== before && isActive() ? pid : null;
    }, 'the restart');
    console.log(`restarted after kill -9: ${String(before)} → ${String(after)}`);
    const id = order('generate_thumbnails');
    await waitFor(() => statusOf(id) === 'completed', 'a job after the restart', 400_000);
  });

  it('stops by draining: the running job is finished first', async () => {
    const id = order('generate_video_proxies');
    await waitFor(() => statusOf(id) === 'claimed', 'the claim', 200_000);
    machine.run(`systemctl stop ${UNIT}`);
    expect(statusOf(id)).toBe('completed');
    expect(machine.run(`systemctl show ${UNIT} -p Result --value`).trim()).toBe('success');
    machine.run(`systemctl start ${UNIT}`);
  });

  it('upgrades while the service runs, and it goes on with the new version', async () => {
    machine.run('dpkg --force-depends -i /tmp/share/0.2.0.deb');
    expect(machine.run('rushcatalog-agent --version').trim()).toBe('0.2.0');
    // What works now tells its own version.
    await waitFor(
      () => machine.attempt('rushcatalog-agent status --json').output.includes('"version": "0.2.0"'),
      'the new version',
      200_000,
    );
    expect(machine.run('cat /etc/rushcatalog-agent/policy.json')).toContain('4180');
    const id = order('generate_thumbnails');
    await waitFor(() => statusOf(id) === 'completed', 'a job after the upgrade', 400_000);
  });

  it('gives its place to the package without a window and takes it back, while the service goes on', async () => {
    const version = () => machine.attempt('rushcatalog-agent status --json').output;
    machine.run('dpkg --force-depends -i /tmp/share/headless.deb');
    expect(machine.attempt('dpkg -s rushcatalog-agent').output).not.toContain('ok installed');
    expect(existsSync(APP) || machine.attempt(`ls '${APP}'`).code === 0).toBe(false);
    await waitFor(() => version().includes('"version": "0.3.0"'), 'the service of the other package', 200_000);
    expect(machine.run('cat /etc/rushcatalog-agent/policy.json')).toContain('4180');
    machine.run('dpkg --purge rushcatalog-agent');
    expect(machine.run('rushcatalog-agent --version').trim()).toBe('0.3.0');
    expect(machine.run('cat /etc/rushcatalog-agent/policy.json')).toContain('4180');
    machine.run('dpkg --force-depends -i /tmp/share/0.2.0.deb');
    await waitFor(() => version().includes('"version": "0.2.0"'), 'the service of the desktop package', 200_000);
    machine.run('dpkg --purge rushcatalog-agent-headless');
    expect(machine.run('cat /etc/rushcatalog-agent/policy.json')).toContain('4180');
    expect(isActive()).toBe(true);
  });

  it('is removed: only data and the policy are left, and the policy goes with a purge', () => {
    machine.run('dpkg -r rushcatalog-agent');
    expect(isActive()).toBe(false);
    const left = files();
    console.log(
      `left after removal: ${left.filter((path) => !path.startsWith('/var/lib/')).join(' ')} and ${String(left.filter((path) => path.startsWith('/var/lib/')).length)} data files`,
    );
    expect(
      left.filter((path) => !/^\/(var\/lib\/(private\/)?rushcatalog-agent|etc\/rushcatalog-agent)\//.test(path)),
    ).toEqual([]);
    expect(machine.run('ls /var/lib/rushcatalog-agent')).toContain('journal.sqlite');
    machine.run('dpkg -P rushcatalog-agent');
    expect(files().filter((path) => path.startsWith('/etc/'))).toEqual([]);
    expect(machine.attempt('command -v rushcatalog-agent').code).not.toBe(0);
  });

  it('leaves the machine it was tried on as it was', () => {
    expect(existsSync(APP)).toBe(false);
    expect(existsSync('/etc/rushcatalog-agent')).toBe(false);
  });
});
