// npm run tools:ffmpeg -- 7.1 9.0 whisper-cli: lays out newer tools beside the machine's own, from Debian's suites, in a
// folder of the cache. Nothing on the machine itself changes, and `npm test` never calls this.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { requireNode } from './node-check.mjs';

requireNode();

/** What can be asked for, the suite it is in, and its packages there. */
const TOOLS = {
  7.1: { suite: 'trixie', packages: ['ffmpeg'], programs: ['ffmpeg', 'ffprobe'] },
  '9.0': { suite: 'sid', packages: ['ffmpeg'], programs: ['ffmpeg', 'ffprobe'] },
  'whisper-cli': { suite: 'sid', packages: ['whisper.cpp-tools'], programs: ['whisper-cli'] },
};
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'rushcatalog-agent', 'suites');
const asRoot = process.getuid?.() === 0 ? [] : ['sudo'];

const wanted = process.argv.slice(2).filter((name) => name !== '--yes');
const unknown = wanted.filter((name) => !(name in TOOLS));
if (wanted.length === 0 || unknown.length > 0) {
  fail(`Say what to lay out: npm run tools:ffmpeg -- ${Object.keys(TOOLS).join(' ')}`);
}
if (process.platform !== 'linux' || process.arch !== 'x64' || spawnSync('apt-get', ['--version']).status !== 0) {
  fail(
    'Only Debian and its relatives on linux-x64 can lay these out; name other tools with FFMPEG_BIN and FFPROBE_BIN.',
  );
}
const chosen = wanted.map((name) => ({ name, ...TOOLS[/** @type {keyof typeof TOOLS} */ (name)] }));
const suites = [...new Set(chosen.map(({ suite }) => suite))];
await agree(`${wanted.join(', ')} from Debian’s ${suites.join(' and ')}, about 0.9 GB each suite, into ${CACHE}`);
if (spawnSync('debootstrap', ['--version']).status !== 0) run('apt-get', ['install', '-y', '-qq', 'debootstrap']);
for (const suite of suites) layOut(suite);
for (const { name, suite, programs } of chosen) {
  for (const program of programs) console.log(`${name}: ${wrap(suite, program)}`);
}

/** @param {string} suite */
function layOut(suite) {
  const root = join(CACHE, suite);
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(join(root, 'etc/debian_version'))) {
    run('debootstrap', ['--variant=minbase', suite, root, ...mirror()]);
  }
  // What leads this machine to its packages leads the folder there, too.
  for (const name of readdirSync('/etc/apt/apt.conf.d')) {
    const from = join('/etc/apt/apt.conf.d', name);
    if (!readFileSync(from, 'utf8').includes('Acquire::')) continue;
    if (asRoot.length === 0) copyFileSync(from, join(root, 'etc/apt/apt.conf.d', name));
    else run('cp', [from, join(root, 'etc/apt/apt.conf.d', name)]);
  }
  const packages = chosen.filter((tool) => tool.suite === suite).flatMap((tool) => tool.packages);
  run('chroot', [root, 'apt-get', 'update', '-qq']);
  run('chroot', [root, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/** The mirror this machine uses, or debootstrap's own. */
function mirror() {
  const folder = '/etc/apt/sources.list.d';
  const texts = [...readdirSync(folder).map((name) => join(folder, name)), '/etc/apt/sources.list']
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8'));
  const found = texts.flatMap((text) =>
    [...text.matchAll(/^(?:URIs:|deb)\s+(\S+\/debian)\/?\s*/gm)].map((match) => match[1]),
  );
  return found.slice(0, 1).flatMap((url) => url ?? []);
}

/**
 * A program of the folder that runs outside it: with the folder's own loader and libraries.
 * @param {string} suite @param {string} program
 */
function wrap(suite, program) {
  const root = join(CACHE, suite);
  const lib = join(root, 'usr/lib/x86_64-linux-gnu');
  const libraries = [lib, ...['pulseaudio', 'blas', 'lapack'].map((name) => join(lib, name))].join(':');
  // whisper.cpp looks for its processor’s code at an absolute path that is not there outside the folder.
  const backends = join(lib, 'ggml/backends0');
  const has = readFileSync('/proc/cpuinfo', 'utf8').includes(' avx2 ') ? 'haswell' : 'x64';
  const backend = existsSync(backends) ? `GGML_BACKEND_PATH='${join(backends, `libggml-cpu-${has}.so`)}' ` : '';
  const path = join(root, `run-${program}`);
  const line = `${backend}exec '${join(root, 'lib64/ld-linux-x86-64.so.2')}' --library-path '${libraries}' '${join(root, 'usr/bin', program)}' "$@"`;
  const text = `#!/bin/sh\n${line}\n`;
  if (asRoot.length === 0) writeFileSync(path, text);
  else spawnSync('sudo', ['tee', path], { input: text, stdio: ['pipe', 'ignore', 'inherit'] });
  if (asRoot.length === 0) chmodSync(path, 0o755);
  else run('chmod', ['755', path]);
  const { status, stdout } = spawnSync(path, [program === 'whisper-cli' ? '--version' : '-version'], {
    encoding: 'utf8',
  });
  if (status !== 0) fail(`${path} does not run.`);
  return `${path} (${stdout.split('\n')[0]?.slice(0, 60) ?? ''})`;
}

/** @param {string} program @param {readonly string[]} args */
function run(program, args) {
  const command = [...asRoot, program, ...args];
  console.error(`> ${command.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'ignore', 'inherit'], env });
  if (status !== 0) fail(`It did not work: ${command.join(' ')}`);
}

/** @param {string} what */
async function agree(what) {
  if (process.argv.includes('--yes')) return;
  if (!process.stdin.isTTY) fail(`This would lay out ${what}. Say --yes to do it.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Lay out ${what}? [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) process.exit(1);
}

/** @param {string} sentence @returns {never} */
function fail(sentence) {
  console.error(sentence);
  process.exit(2);
}
