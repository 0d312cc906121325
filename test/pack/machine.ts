import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Where an installation is tried out: this machine's system under an overlay, run by a systemd of its own. */
export interface Machine {
  /** Runs a shell script as its root; answers what it printed. Throws with what it printed when it fails. */
  run(script: string): string;
  /** The same without throwing. */
  attempt(script: string): { readonly code: number | null; readonly output: string; readonly complaint: string };
  close(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('./machine.sh', import.meta.url));
const CLONE = fileURLToPath(new URL('../..', import.meta.url));
const CGROUPS = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(`${path}/cgroup.procs`));

let machines = 0;

/** Why this machine cannot have another one inside, or null. */
export function whyNoMachine(): string | null {
  if (process.platform !== 'linux') return 'only Linux has namespaces';
  if (process.getuid?.() !== 0) return 'mounting needs root';
  if (!existsSync('/lib/systemd/systemd')) return 'systemd is not installed';
  if (CGROUPS === undefined) return 'there is no cgroup2 file system';
  const probe = spawnSync('unshare', ['-m', '-p', '-f', '-C', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt'], {
    encoding: 'utf8',
  });
  return probe.status === 0 ? null : `namespaces are not allowed here (${probe.stderr.trim()})`;
}

/** `share` appears as /tmp/share in it, the clone as /tmp/clone. `root`: another root file system (suites.ts) in place of this machine's. */
export async function openMachine(share: string, root = '/'): Promise<Machine> {
  const group = `${CGROUPS ?? ''}/rushcatalog-${String(process.pid)}-${String((machines += 1))}`;
  mkdirSync(group, { recursive: true });
  // It ends with this process, however that ends. The shell goes into the group by itself, so that the new cgroup namespace begins there.
  const enter = `echo $$ > ${group}/cgroup.procs; exec setpriv --pdeathsig KILL unshare --kill-child -m -p -f -C -i -u sh '${SCRIPT}' '${share}' '${root}' '${CLONE}'`;
  const child = spawn('sh', ['-c', enter], { stdio: ['ignore', 'ignore', 'inherit'] });
  const init = await waitFor(() => childOf(child.pid), 'the first process');
  const inside = ['-t', String(init), '-m', '-p', '-C', '-i', '-u', `--root=/proc/${String(init)}/root`, '--wdns=/'];
  const attempt: Machine['attempt'] = (script) => {
    const env = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      LANG: 'C.UTF-8',
    };
    const program = ['sh', '-c', `cd /\n${script}`];
    const { status, stdout, stderr } = spawnSync('nsenter', [...inside, ...program], {
      encoding: 'utf8',
      env,
      cwd: '/',
    });
    return { code: status, output: stdout, complaint: stderr };
  };
  await waitFor(() => attempt('systemctl is-active dbus.service').code === 0, 'its systemd', 120_000);
  return {
    attempt,
    run(script) {
      const { code, output, complaint } = attempt(script);
      if (code !== 0) throw new Error(`“${script}” ended with code ${String(code)}: ${output}${complaint}`);
      return output;
    },
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      // The kernel ends every process of the namespace with its first one.
      process.kill(init, 'SIGKILL');
      await ended;
      await waitFor(() => removeGroups(group), 'the end of its cgroups');
    },
  };
}

function childOf(pid: number | undefined): number | null {
  const file = `/proc/${String(pid)}/task/${String(pid)}/children`;
  const first = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ')[0] : undefined;
  const found = Number(first);
  if (first === undefined || first === '' || !existsSync(`/proc/${first}/comm`)) return null;
  return readFileSync(`/proc/${first}/comm`, 'utf8').trim() === 'systemd' ? found : null;
}

function removeGroups(group: string): boolean {
  try {
    for (const entry of readdirSync(group, { withFileTypes: true })) {
      if (entry.isDirectory() && !removeGroups(`${group}/${entry.name}`)) return false;
    }
    rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}

/** Asks again until there is an answer; 30 s are much for any of these steps. */
export async function waitFor<T>(ask: () => T | null | false, what: string, limitMs = 30_000): Promise<T> {
  const until = Date.now() + limitMs;
  for (;;) {
    const answer = ask();
    if (answer !== null && answer !== false) return answer;
    if (Date.now() > until) throw new Error(`${what} did not come within ${String(limitMs / 1000)} s`);
    await delay(100);
  }
}

/** The version that dpkg knows, for messages. */
export const dpkgVersion = (): string => execFileSync('dpkg', ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? '';

export const write = (file: string, text: string): void => writeFileSync(file, text);
