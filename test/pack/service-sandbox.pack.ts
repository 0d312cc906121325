import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DoctorReport } from '../../electron/work/capabilities/doctor.ts';
import { nodeRuntime } from '../../electron/work/process/spawn-node.ts';
import { ensureBuilt } from '../../scripts/build.mjs';
import { openMachine, whyNoMachine, type Machine } from './machine.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const UNIT = join(ROOT, 'build/linux/rushcatalog-agent.service');
const why = whyNoMachine();
if (why !== null) console.log(`The service's sandbox is not tried: ${why}.`);

/** The shipped unit with another command: `doctor`, which proves the sandbox from where the service would. */
function trialUnit(command: string, change: (unit: string) => string = (unit) => unit): string {
  const unit = change(readFileSync(UNIT, 'utf8'));
  return unit
    .replace(/^ExecStart=.*$/m, `ExecStart=${command}`)
    .replace('Type=simple', 'Type=oneshot')
    .replace(/^Restart=.*$/m, 'Restart=no');
}

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
      mkdir -p /opt/trial && mount --bind ${ROOT} /opt/trial`);
  });
  afterAll(async () => {
    await machine?.close();
    rmSync(share, { recursive: true, force: true });
  });

  function doctorIn(name: string, change?: (unit: string) => string): DoctorReport {
    const node = join('/opt/trial', relative(ROOT, nodeRuntime()));
    const doctor = `${node} /opt/trial/out/node/rushcatalog-agent.js doctor --json --work \${STATE_DIRECTORY}`;
    const command = `/bin/sh -c "${doctor} > \${STATE_DIRECTORY}/${name}.json || true"`;
    writeFileSync(join(share, `${name}.service`), trialUnit(command, change));
    machine.run(`cp /tmp/share/${name}.service /etc/systemd/system/ && systemctl daemon-reload`);
    machine.run(`systemctl start ${name}.service || { journalctl -u ${name} --no-pager >&2; exit 1; }`);
    return JSON.parse(machine.run(`cat /var/lib/rushcatalog-agent/${name}.json`)) as DoctorReport;
  }
  const sandboxIn = (report: DoctorReport) => report.findings.find(({ name }) => name === 'sandbox');

  it('holds: doctor says so from inside the service', () => {
    expect(sandboxIn(doctorIn('trial'))).toMatchObject({ status: 'ok', text: expect.stringContaining('bubblewrap') });
  });

  it('would not under a unit that forbids namespaces, and doctor says that too', () => {
    const forbidden = (unit: string) => unit.replace(/^RestrictNamespaces=.*$/m, 'RestrictNamespaces=yes');
    const found = sandboxIn(doctorIn('forbidden', forbidden));
    expect(found).toMatchObject({ status: 'warning', text: expect.stringMatching(/limits only/) });
  });
});
