// Debian suites in folders of the cache, for tools that this machine does not have (tools-ffmpeg.mjs, test/windows).
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';

/** Where everything that is laid out beside this machine's own tools lies. */
export const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'rushcatalog-agent');
const asRoot = process.getuid?.() === 0 ? [] : ['sudo'];

/** Why no suite can be laid out here, or null. */
export function whyNoSuites() {
  const fits = process.platform === 'linux' && process.arch === 'x64';
  if (fits && spawnSync('apt-get', ['--version']).status === 0) return null;
  return 'Only Debian and its relatives on linux-x64 can lay these out';
}

/**
 * Lays a suite out in a folder, if it is not there, and installs packages in it.
 * @param {string} root @param {string} suite @param {readonly string[]} packages
 */
export function layOutSuite(root, suite, packages) {
  if (spawnSync('debootstrap', ['--version']).status !== 0) run('apt-get', ['install', '-y', '-qq', 'debootstrap']);
  mkdirSync(dirname(root), { recursive: true });
  if (!existsSync(join(root, 'etc/debian_version'))) {
    run('debootstrap', ['--variant=minbase', suite, root, ...mirror()]);
  }
  takeAptSettings(root);
  run('chroot', [root, 'apt-get', 'update', '-qq']);
  run('chroot', [root, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/** What leads this machine to its packages leads a suite's folder there, too. @param {string} root */
export function takeAptSettings(root) {
  for (const name of readdirSync('/etc/apt/apt.conf.d')) {
    const from = join('/etc/apt/apt.conf.d', name);
    if (!readFileSync(from, 'utf8').includes('Acquire::')) continue;
    if (asRoot.length === 0) copyFileSync(from, join(root, 'etc/apt/apt.conf.d', name));
    else run('cp', [from, join(root, 'etc/apt/apt.conf.d', name)]);
  }
}

/** The mirror this machine uses, or debootstrap's own. */
export function mirror() {
  const folder = '/etc/apt/sources.list.d';
  const texts = [...readdirSync(folder).map((name) => join(folder, name)), '/etc/apt/sources.list']
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8'));
  const found = texts.flatMap((text) =>
    [...text.matchAll(/^(?:URIs:|deb)\s+(\S+\/debian)\/?\s*/gm)].map((match) => match[1]),
  );
  return found.slice(0, 1).flatMap((url) => url ?? []);
}

/** Runs a program as root and says so; ends this one where it fails. @param {string} program @param {readonly string[]} args */
export function run(program, args) {
  const command = [...asRoot, program, ...args];
  console.error(`> ${command.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'ignore', 'inherit'], env });
  if (status !== 0) fail(`It did not work: ${command.join(' ')}`);
}

/** Asks before anything is laid out; `--yes` is the answer where nobody can be asked. @param {string} what */
export async function agree(what) {
  if (process.argv.includes('--yes')) return;
  if (!process.stdin.isTTY) fail(`This would lay out ${what}. Say --yes to do it.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Lay out ${what}? [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) process.exit(1);
}

/** @param {string} sentence @returns {never} */
export function fail(sentence) {
  console.error(sentence);
  process.exit(2);
}
