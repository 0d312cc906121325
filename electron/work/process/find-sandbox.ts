import { spawn, type StdioOptions } from 'node:child_process';
import { lstat, mkdir, open, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { makeTemporaryFolder } from './temporary-folder.ts';
import { searchPath } from './find-tool.ts';
import { bubblewrap, type BubblewrapFound, type Sandbox } from './sandbox.ts';

export type SandboxSearch =
  | { readonly kind: 'proved'; readonly sandbox: Sandbox; readonly path: string; readonly startMs: number }
  /** `why` completes “The tools run without a sandbox: …”. */
  | { readonly kind: 'unavailable'; readonly why: string; readonly path?: string };

/**
 * Looks for the sandbox of this system and proves it by a run that tries to get out (media.md, Untrusted input).
 * Linux: bubblewrap. No other system has one that needs no installer of its own yet; the port is the same.
 */
export async function findSandbox(env: Readonly<Record<string, string | undefined>>): Promise<SandboxSearch> {
  if (process.platform !== 'linux') return { kind: 'unavailable', why: 'this system has none that the agent can use' };
  const places = [env['PATH'], '/usr/bin', '/bin', '/usr/local/bin'].filter(Boolean).join(':');
  const path = await searchPath('bwrap', { PATH: places });
  if (path === null) return { kind: 'unavailable', why: 'bubblewrap (bwrap) is not installed' };
  const version = /^bubblewrap (?<version>\S+)/.exec((await run(path, ['--version'])).stdout)?.groups?.['version'];
  if (version === undefined) return { kind: 'unavailable', path, why: `“${path}” is not a working bubblewrap` };
  const found: BubblewrapFound = { path, version, system: await systemWords(), graphics: await graphicsDevices() };
  return prove(bubblewrap(found), path);
}

/** What programs and their libraries need of a system; links such as /bin → usr/bin stay links. */
const FOLDERS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store', '/gnu/store'];
const OF_ETC = ['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'alternatives', 'fonts', 'localtime', 'OpenCL', 'vulkan'];

async function systemWords(): Promise<readonly string[]> {
  const args = await Promise.all(
    FOLDERS.map(async (path) => {
      const stats = await lstat(path).catch(() => null);
      if (stats === null) return [];
      return stats.isSymbolicLink() ? ['--symlink', await readlink(path), path] : ['--ro-bind', path, path];
    }),
  );
  return [...args.flat(), ...OF_ETC.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`])];
}

async function graphicsDevices(): Promise<readonly string[]> {
  const names = await readdir('/dev').catch(() => []);
  return names.filter((name) => name === 'dri' || name === 'kfd' || name.startsWith('nvidia')).map((n) => `/dev/${n}`);
}

const TRIAL_WALL_MS = 10_000;

/** Everything a tool must be able to do, then what it must not; each line of output is one answer. */
const TRIAL = [
  'read -r word <&3; echo "source $word"',
  'echo made > "$1/made" && echo wrote',
  '[ -e "$2" ] && echo "saw what lies outside"',
  '( : >> /proc/self/fd/3 ) 2>/dev/null && echo "wrote into its source"',
  '( : > /usr/rushcatalog-trial && rm /usr/rushcatalog-trial ) 2>/dev/null && echo "wrote into the system"',
  'while read -r name rest; do case $name in lo:|Inter*|face*) ;; *) echo "has the network $name";; esac; done < /proc/net/dev',
  'echo done',
].join('; ');

async function prove(sandbox: Sandbox, path: string): Promise<SandboxSearch> {
  const folder = await makeTemporaryFolder('sandbox');
  try {
    const [inside, outside] = [join(folder, 'inside'), join(folder, 'outside')];
    const source = join(folder, 'source');
    await mkdir(inside);
    await Promise.all([writeFile(outside, 'secret'), writeFile(source, 'film\n')]);
    const file = await open(source, 'r');
    try {
      const options = {
        program: '/bin/sh',
        readable: [],
        writable: [inside],
        sources: [{ descriptor: 3, path: source }],
        devices: 'none',
        dieWithParent: false,
      } as const;
      const [program = path, ...args] = sandbox.args(options);
      const startedAt = performance.now();
      const ran = await run(program, [...args, '/bin/sh', '-c', TRIAL, 'sh', inside, outside], file.fd);
      const startMs = performance.now() - startedAt;
      const answer = ran.stdout.trim().split('\n').join('; ');
      if (answer === 'source film; wrote; done') return { kind: 'proved', sandbox, path, startMs };
      return { kind: 'unavailable', path, why: whyNot(sandbox.name, ran, answer) };
    } finally {
      await file.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function whyNot(name: string, ran: Ran, answer: string): string {
  if (!ran.succeeded) {
    const line = ran.stderr.trim().split('\n')[0] ?? '';
    const hint = /user namespace|uid map|Operation not permitted|Permission denied/i.test(line)
      ? ' (this system does not let ordinary programs make namespaces)'
      : '';
    return `${name} does not work here${hint}: ${line.slice(0, 200) || 'it gave no answer'}`;
  }
  return `${name} did not hold: a trial in it answered “${answer.slice(0, 200)}”`;
}

interface Ran {
  readonly succeeded: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param descriptor ours; the program sees it as 3. */
async function run(program: string, args: readonly string[], descriptor?: number): Promise<Ran> {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...(descriptor === undefined ? [] : [descriptor])];
  const child = spawn(program, args, {
    stdio,
    timeout: TRIAL_WALL_MS,
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
  });
  const ended = new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
  const [succeeded, stdout, stderr] = await Promise.all([ended, said(child.stdout), said(child.stderr)]);
  return { succeeded, stdout, stderr };
}

const said = (stream: Readable | null | undefined): Promise<string> =>
  stream === null || stream === undefined ? Promise.resolve('') : text(stream).catch(() => '');
