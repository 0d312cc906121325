import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DoctorReport } from '../../electron/work/capabilities/doctor.ts';
import { nodeRuntime } from '../../electron/work/process/spawn-node.ts';
import { ensureBuilt } from '../../scripts/build.mjs';
import { openMachine, whyNoMachine, type Machine } from './machine.ts';
import { trialUnit } from './trial-unit.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const UNIT = join(ROOT, 'build/linux/rushcatalog-agent.service');
const why = whyNoMachine();
if (why !== null) console.log(`The service's sandbox is not tried: ${why}.`);

describe.skipIf(why !== null)('the sandbox of the service, under the hardened unit and a real systemd', () => {
  let machine: Machine;
  const share = mkdtempSync(join(tmpdir(), 'service-sandbox-'));
  beforeAll(async () => {
    ensureBuilt();
    machine = await openMachine(share);
    // The account and the group as build/linux/after-install.sh makes them; the program where the account can read it.
    machine.run(`
      useradd --system --user-group --no-create-home --shell /usr/sbin/nologin rushcatalog
      groupadd --system rushcatalog-users
      # Over a covered /proc, as this machine has it, the kernel lets nobody mount a fresh one; a real machine's is whole.
      umount -l /proc/sys
      mkdir -p /opt/trial && mount --bind /tmp/clone /opt/trial`);
  });
  afterAll(async () => {
    await machine?.close();
    rmSync(share, { recursive: true, force: true });
  });

  function doctorIn(name: string, change: (unit: string) => string = (unit) => unit): DoctorReport {
    const node = join('/opt/trial', relative(ROOT, nodeRuntime()));
    const doctor = `${node} /opt/trial/out/node/rushcatalog-agent.js doctor --json --work \${STATE_DIRECTORY}`;
    const command = `/bin/sh -c "${doctor} > \${STATE_DIRECTORY}/${name}.json || true"`;
    writeFileSync(join(share, `${name}.service`), trialUnit(change(readFileSync(UNIT, 'utf8')), command));
    machine.run(`cp /tmp/share/${name}.service /etc/systemd/system/ && systemctl daemon-reload`);
    machine.run(`systemctl start ${name}.service || { journalctl -u ${name} --no-pager >&2; exit 1; }`);
    return JSON.parse(machine.run(`cat /var/lib/rushcatalog-agent/${name}.json`)) as DoctorReport;
  }
  const sandboxIn = (report: DoctorReport) => report.findings.find(({ name }) => name === 'sandbox');

  it('holds: doctor says so from inside the service', () => {
    expect(sandboxIn(doctorIn('trial'))).toMatchObject({ status: 'ok', text: expect.stringContaining('bubblewrap') });
  });

  it('holds against every escape that a hostile tool tries, from inside the service', () => {
    const node = join('/opt/trial', relative(ROOT, nodeRuntime()));
    const words =
      'run --root /opt/trial test/process/sandbox.test.ts --configLoader=native --cache=false --reporter=default --reporter=json';
    const files = '--outputFile.json=${STATE_DIRECTORY}/escapes.json';
    const tests = `${node} /opt/trial/node_modules/vitest/vitest.mjs ${words} ${files}`;
    const command = `/bin/sh -c "cd /opt/trial && ${tests} > \${STATE_DIRECTORY}/escapes.txt 2>&1 || true"`;
    const unit = trialUnit(readFileSync(UNIT, 'utf8'), command);
    writeFileSync(join(share, 'escapes.service'), `${unit}\n[Service]\nTimeoutStartSec=600\nEnvironment=HOME=/tmp\n`);
    machine.run('cp /tmp/share/escapes.service /etc/systemd/system/ && systemctl daemon-reload');
    machine.run('systemctl start escapes.service');
    const said = machine.run('cat /var/lib/rushcatalog-agent/escapes.txt');
    const told = machine.attempt('cat /var/lib/rushcatalog-agent/escapes.json');
    expect(told.code, said.slice(-3_000)).toBe(0);
    const report = JSON.parse(told.output) as {
      readonly numFailedTests: number;
      readonly numPendingTests: number;
      readonly numPassedTests: number;
    };
    console.log(said.slice(0, 1_500));
    expect(Number(/(\d+) escapes tried/.exec(said)?.[1])).toBeGreaterThanOrEqual(14);
    expect(report, said.slice(-3_000)).toMatchObject({ numFailedTests: 0, numPendingTests: 0 });
    expect(report.numPassedTests).toBeGreaterThan(1);
  });

  it('would not under a unit that forbids namespaces, and doctor says that too', () => {
    const forbidden = (unit: string) => unit.replace(/^RestrictNamespaces=.*$/m, 'RestrictNamespaces=yes');
    const found = sandboxIn(doctorIn('forbidden', forbidden));
    expect(found).toMatchObject({ status: 'warning', text: expect.stringMatching(/limits only/) });
  });
});
