import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  lutimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { manPage, PAGES } from './man-pages.ts';
import { shippedComponents, unwelcome } from './notices.ts';
import { makeRuntime } from './runtime.ts';
import { fullName, makeSbom, onlyWith } from './sbom.ts';
import { ROOT, stage, vendorFolder, writeInto } from './stage.ts';
import { TARGET_FACTS, type Target } from './targets.ts';

export const HEADLESS = ['server', 'agent'] as const;
export type Headless = (typeof HEADLESS)[number];
export type LinuxTarget = Extract<Target, `linux-${string}`>;

export interface HeadlessFacts {
  /** The package's name. */
  readonly name: string;
  /** The program's, the unit's and the folders'. */
  readonly program: string;
  readonly summary: string;
  readonly description: readonly string[];
  readonly section: string;
  readonly depends: { readonly deb: readonly string[]; readonly rpm: readonly string[] };
  readonly recommends: { readonly deb: readonly string[]; readonly rpm: readonly string[] };
  /** Packages that have the same program and unit: one machine has one of them. */
  readonly replaces: readonly string[];
  /** What of the build it has no use for. */
  readonly without: readonly string[];
}

/** Node asks for glibc 2.28, the speech library for 2.34 and OpenMP. */
const NODE_LIBRARIES = ['libgcc-s1', 'libstdc++6'] as const;

export const HEADLESS_FACTS: Readonly<Record<Headless, HeadlessFacts>> = {
  server: {
    name: 'rushcatalog-server',
    program: 'rushcatalog-server',
    summary: 'catalogue and job server for a team of RushCatalog agents',
    description: [
      'Keeps the catalogue of a studio’s rushes, hands out the jobs that derive',
      'proxies, thumbnails, waveforms and transcripts from them, and keeps what',
      'agents made: in SQLite and a folder, or in PostgreSQL and S3.',
    ],
    section: 'net',
    depends: {
      deb: ['adduser', 'libc6 (>= 2.28)', ...NODE_LIBRARIES],
      rpm: ['glibc >= 2.28', 'libstdc++', 'shadow-utils'],
    },
    recommends: { deb: ['ca-certificates'], rpm: ['ca-certificates'] },
    replaces: [],
    // It opens no media: the page of agents, and every package but the one that the command line imports at its start.
    without: [
      'out/renderer',
      'node_modules/sharp',
      'node_modules/@img',
      'node_modules/@fugood',
      'node_modules/detect-libc',
      'node_modules/semver',
      'node_modules/libheif-js',
      'node_modules/mediainfo.js',
    ],
  },
  agent: {
    name: 'rushcatalog-agent-headless',
    program: 'rushcatalog-agent',
    summary: 'derives proxies, thumbnails, waveforms and transcripts from rushes',
    description: [
      'The agent of a RushCatalog server as a service and a command line, without',
      'a window: for render nodes and servers. It uses the ffmpeg of the system',
      'and shuts every tool into bubblewrap.',
    ],
    section: 'video',
    depends: {
      deb: ['adduser', 'bubblewrap (>= 0.8)', 'ffmpeg (>= 7:4.4)', 'libc6 (>= 2.34)', 'libgomp1', ...NODE_LIBRARIES],
      rpm: ['bubblewrap >= 0.8', '(ffmpeg or ffmpeg-free)', 'glibc >= 2.34', 'libgomp', 'libstdc++', 'shadow-utils'],
    },
    recommends: { deb: ['ca-certificates'], rpm: ['ca-certificates'] },
    // The desktop package carries the same program and the same unit.
    replaces: ['rushcatalog-agent'],
    without: [],
  },
};

/** Seconds since 1970 that every file is dated with: those of the commit, so that one commit makes the same bytes twice. */
export function sourceDate(): number {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined) return Number(given);
  return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' }));
}

const LINUX = join(ROOT, 'build/linux');

/**
 * Lays a package out below `root` as it will lie on a machine. Answers its version.
 * @param given a version in place of package.json's, and where npm's packages for another processor are (stage.ts)
 */
export function layOut(
  which: Headless,
  target: LinuxTarget,
  root: string,
  given: { readonly version?: string; readonly modules?: string },
): string {
  const { program, name, without } = HEADLESS_FACTS[which];
  rmSync(root, { recursive: true, force: true });
  const home = join(root, 'usr/lib', program);
  const build = join(home, 'build');
  const { absent } = stage(target, build, given);
  const missing = which === 'server' ? [] : absent;
  if (missing.length > 0) throw new Error(missing.map((each) => `The package ${each} is not installed.`).join(' '));
  for (const part of ['out/main', 'out/preload', ...without])
    rmSync(join(build, part), { recursive: true, force: true });
  const { version } = JSON.parse(readFileSync(join(build, 'package.json'), 'utf8')) as { readonly version: string };
  makeRuntime({
    target,
    node: join(vendorFolder(target), 'node'),
    build,
    root: '../build',
    output: join(home, 'runtime/rushcatalog-agent'),
  });
  placePrograms(which, root, home);
  placePages(which, root, version);
  placeNotices(which, target, join(root, 'usr/share/doc', name), version);
  settle(root);
  return version;
}

function placePrograms(which: Headless, root: string, home: string): void {
  const { program } = HEADLESS_FACTS[which];
  cpSync(join(LINUX, program), join(home, program));
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  symlinkSync(`../lib/${program}/${program}`, join(root, 'usr/bin', program));
  writeInto(
    join(root, 'usr/lib/systemd/system', `${program}.service`),
    readFileSync(join(LINUX, `${program}.service`)),
  );
  writeInto(join(root, 'etc', program, 'environment'), readFileSync(join(LINUX, 'packages', `${program}.environment`)));
}

/** Man pages and completion, made by the build itself. */
function placePages(which: Headless, root: string, version: string): void {
  const { program } = HEADLESS_FACTS[which];
  const { section } = PAGES[which];
  const page = gzipSync(manPage(which, version), { level: 9 });
  writeInto(join(root, `usr/share/man/man${String(section)}`, `${program}.${String(section)}.gz`), page);
  const complete = (shell: string): string => {
    const script = [join(ROOT, 'out/node/rushcatalog-agent.js'), 'complete', shell];
    const said = execFileSync(process.execPath, script, { encoding: 'utf8' });
    // The server's program passes on what it is asked to complete (build/linux/rushcatalog-server).
    return which === 'agent'
      ? said
      : said.replaceAll('rushcatalog-agent', program).replaceAll('rushcatalog_agent', program.replace('-', '_'));
  };
  writeInto(join(root, 'usr/share/bash-completion/completions', program), complete('bash'));
  // Where Debian's zsh looks for what packages bring, and where all others do.
  for (const folder of ['vendor-completions', 'site-functions']) {
    writeInto(join(root, 'usr/share/zsh', folder, `_${program}`), complete('zsh'));
  }
}

export const MAINTAINER = 'RushCatalog <support@rushcatalog.example>';

/** The file that Debian's tools read; what changed is told beside it. */
const debianChangelog = (which: Headless, version: string): string =>
  `${HEADLESS_FACTS[which].name} (${version}) unstable; urgency=medium\n\n  * See CHANGES.gz.\n\n -- ${MAINTAINER}  ${new Date(sourceDate() * 1_000).toUTCString().replace('GMT', '+0000')}\n`;

function placeNotices(which: Headless, target: LinuxTarget, folder: string, version: string): void {
  const components = shippedComponents(target).filter(({ name }) => !isLeftOut(which, name));
  const refused = unwelcome(components);
  if (refused.length > 0) throw new Error(`These licences may not ship: ${refused.join(', ')}.`);
  const notices = components.map(
    ({ name, version, licence, text }) => `${name} ${version}\n${licence}\n\n${text ?? ''}\n`,
  );
  writeInto(join(folder, 'copyright'), readFileSync(join(ROOT, 'LICENSE')));
  writeInto(join(folder, 'THIRD-PARTY-NOTICES.gz'), gzipSync(notices.join(`\n${'-'.repeat(100)}\n\n`), { level: 9 }));
  writeInto(join(folder, 'CHANGES.gz'), gzipSync(readFileSync(join(ROOT, 'CHANGELOG.md')), { level: 9 }));
  writeInto(join(folder, 'changelog.gz'), gzipSync(debianChangelog(which, version), { level: 9 }));
  if (which === 'agent')
    writeInto(join(folder, 'policy.schema.json'), readFileSync(join(ROOT, 'build/policy/policy.schema.json')));
  const sbom = onlyWith(makeSbom(target, which), (each) => !isLeftOut(which, fullName(each)));
  writeInto(join(folder, 'sbom.cdx.json'), `${JSON.stringify(sbom, null, 2)}\n`);
}

/** The updater is the desktop app's. */
const isLeftOut = (which: Headless, name: string): boolean =>
  name === 'electron-updater' ||
  HEADLESS_FACTS[which].without.some(
    (part) =>
      part === `node_modules/${name}` ||
      (part.startsWith('node_modules/@') && `node_modules/${name}`.startsWith(`${part}/`)),
  );

/** Rights and dates that do not depend on who builds, and when. */
function settle(folder: string): void {
  const date = sourceDate();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const stats = lstatSync(path);
    if (stats.isSymbolicLink()) lutimesSync(path, date, date);
    else {
      chmodSync(path, stats.isDirectory() || (stats.mode & 0o100) !== 0 ? 0o755 : 0o644);
      utimesSync(path, date, date);
    }
  }
  chmodSync(folder, 0o755);
  utimesSync(folder, date, date);
}

/** As Debian and RPM call the processor. */
export const archOf = (target: LinuxTarget): { readonly deb: string; readonly rpm: string } =>
  TARGET_FACTS[target].arch === 'x64' ? { deb: 'amd64', rpm: 'x86_64' } : { deb: 'arm64', rpm: 'aarch64' };
