// npm run tools:ffmpeg -- 7.1 9.0 whisper-cli: lays out newer tools beside the machine's own, from Debian's suites, in a
// folder of the cache. Nothing on the machine itself changes, and `npm test` never calls this.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agree, CACHE, fail, layOutSuite, run, whyNoSuites } from './debian-suites.mjs';
import { requireNode } from './node-check.mjs';

requireNode();

/** What can be asked for, the suite it is in, and its packages there. */
const TOOLS = {
  7.1: { suite: 'trixie', packages: ['ffmpeg'], programs: ['ffmpeg', 'ffprobe'] },
  '9.0': { suite: 'sid', packages: ['ffmpeg'], programs: ['ffmpeg', 'ffprobe'] },
  'whisper-cli': { suite: 'sid', packages: ['whisper.cpp-tools'], programs: ['whisper-cli'] },
};
const SUITES = join(CACHE, 'suites');
const asRoot = process.getuid?.() === 0 ? [] : ['sudo'];

const wanted = process.argv.slice(2).filter((name) => name !== '--yes');
const unknown = wanted.filter((name) => !(name in TOOLS));
if (wanted.length === 0 || unknown.length > 0) {
  fail(`Say what to lay out: npm run tools:ffmpeg -- ${Object.keys(TOOLS).join(' ')}`);
}
const why = whyNoSuites();
if (why !== null) fail(`${why}; name other tools with FFMPEG_BIN and FFPROBE_BIN.`);
const chosen = wanted.map((name) => ({ name, ...TOOLS[/** @type {keyof typeof TOOLS} */ (name)] }));
const suites = [...new Set(chosen.map(({ suite }) => suite))];
await agree(`${wanted.join(', ')} from Debian’s ${suites.join(' and ')}, about 0.9 GB each suite, into ${SUITES}`);
for (const suite of suites) {
  const packages = chosen.filter((tool) => tool.suite === suite).flatMap((tool) => tool.packages);
  layOutSuite(join(SUITES, suite), suite, packages);
}
for (const { name, suite, programs } of chosen) {
  for (const program of programs) console.log(`${name}: ${wrap(suite, program)}`);
}

/**
 * A program of the folder that runs outside it: with the folder's own loader and libraries.
 * @param {string} suite @param {string} program
 */
function wrap(suite, program) {
  const root = join(SUITES, suite);
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
