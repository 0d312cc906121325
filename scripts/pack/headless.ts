// npm run package:headless -- [--package server|agent] [--format deb,rpm,tar,oci] [--target linux-x64] [--modules DIR] [--fast]: packages for
// machines without a window (docs/deploy.md, “Servers and render nodes”).
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  archOf,
  HEADLESS,
  HEADLESS_FACTS,
  layOut,
  MAINTAINER,
  sourceDate,
  type Headless,
  type LinuxTarget,
} from './headless-tree.ts';
import { defined } from '../../shared/objects.ts';
import { makeImage } from './oci-image.ts';
import { scriptsOf } from './maintainer-scripts.ts';
import { listFiles, ROOT, writeInto } from './stage.ts';
import { ownTarget } from './targets.ts';

const LINUX_TARGETS = ['linux-x64', 'linux-arm64'] as const;
const FORMATS = ['deb', 'rpm', 'tar', 'oci'] as const;
export type Format = (typeof FORMATS)[number];

interface HeadlessOptions {
  readonly which: Headless;
  readonly formats: readonly Format[];
  readonly target: LinuxTarget;
  /** Folder for what is made. */
  readonly output: string;
  readonly version?: string;
  /** npm's folder for another processor. */
  readonly modules?: string;
  /** Compresses as quickly as can be, for tests. */
  readonly fast?: boolean;
}

const HOMEPAGE = 'https://rushcatalog.example';

/** Makes the packages of one program; answers their paths. */
export function packHeadless(options: HeadlessOptions): readonly string[] {
  const { which, target, formats, output } = options;
  const work = mkdtempSync(join(tmpdir(), 'headless-'));
  const root = join(work, 'root');
  try {
    mkdirSync(output, { recursive: true });
    const version = layOut(which, target, root, options);
    const made: string[] = [];
    const given = { ...options, version, root, work };
    if (formats.includes('deb') || formats.includes('oci')) made.push(makeDeb(given));
    if (formats.includes('rpm')) made.push(makeRpm(given));
    if (formats.includes('tar')) made.push(makeTar(given));
    if (formats.includes('oci')) made.push(makeImage(which, made[0] ?? '', output));
    return made;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Given extends HeadlessOptions {
  readonly version: string;
  /** The tree as it will lie on a machine. */
  readonly root: string;
  /** An empty folder. */
  readonly work: string;
}

const env = (): NodeJS.ProcessEnv => ({
  ...process.env,
  SOURCE_DATE_EPOCH: String(sourceDate()),
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
});

function run(program: string, args: readonly string[], cwd?: string): void {
  execFileSync(program, args, { env: env(), cwd, stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 64 << 20 });
}

function makeDeb({ which, target, output, version, root, work, fast = false }: Given): string {
  const { name, program, summary, description, section, depends, recommends, replaces } = HEADLESS_FACTS[which];
  const place = join(work, 'deb');
  cpSync(root, place, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  const files = listFiles(place);
  const kib = Math.ceil(files.reduce((sum, { bytes }) => sum + bytes, 0) / 1024);
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${archOf(target).deb}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${String(kib)}`,
    `Depends: ${depends.deb.join(', ')}`,
    `Recommends: ${recommends.deb.join(', ')}`,
    ...(replaces.length === 0 ? [] : [`Conflicts: ${replaces.join(', ')}`, `Replaces: ${replaces.join(', ')}`]),
    `Section: ${section}`,
    'Priority: optional',
    `Homepage: ${HOMEPAGE}`,
    `Description: ${summary}`,
    ...description.map((line) => ` ${line}`),
    '',
  ];
  writeInto(join(place, 'DEBIAN/control'), control.join('\n'));
  writeInto(join(place, 'DEBIAN/conffiles'), `/etc/${program}/environment\n`);
  const sums = files
    .filter(({ path }) => !path.startsWith('etc/'))
    .map(({ path }) => `${md5(join(place, path))}  ${path}`);
  writeInto(join(place, 'DEBIAN/md5sums'), `${sums.join('\n')}\n`);
  const { deb } = scriptsOf(which);
  for (const [file, script] of [
    ['postinst', deb.afterInstall],
    ['prerm', deb.beforeRemove],
    ['postrm', deb.afterRemove],
  ] as const) {
    writeInto(join(place, 'DEBIAN', file), script, 0o755);
    chmodSync(join(place, 'DEBIAN', file), 0o755);
  }
  const file = join(output, `${name}_${version}_${archOf(target).deb}.deb`);
  run('dpkg-deb', ['--root-owner-group', ...(fast ? ['-Zgzip', '-z1'] : ['-Zxz']), '--build', place, file]);
  rmSync(place, { recursive: true });
  return file;
}

const md5 = (file: string): string => createHash('md5').update(readFileSync(file)).digest('hex');

function makeRpm({ which, target, output, version, root, work, fast = false }: Given): string {
  const { name, program, summary, description, depends, recommends, replaces } = HEADLESS_FACTS[which];
  const { rpm } = scriptsOf(which);
  const place = join(work, 'rpm');
  const files = listFiles(root).map(({ path }) => `/${path}`);
  const links = [`/usr/bin/${program}`];
  const section = (title: string, body: string): string => `%${title}\n${body}`;
  const spec = [
    // Our executable must keep its bytes: stripped, it would lose the script inside.
    '%global debug_package %{nil}',
    '%global __os_install_post %{nil}',
    '%global _build_id_links none',
    '%global use_source_date_epoch_as_buildtime 1',
    '%global _buildhost rushcatalog.example',
    `%global _binary_payload ${fast ? 'w1.gzdio' : 'w19.zstdio'}`,
    `Name: ${name}`,
    `Version: ${version.replaceAll('-', '~')}`,
    'Release: 1',
    `Summary: ${summary}`,
    'License: MIT',
    `URL: ${HOMEPAGE}`,
    `Packager: ${MAINTAINER}`,
    // The libraries that it has inside are nobody else's.
    'AutoReqProv: no',
    ...depends.rpm.map((each) => `Requires: ${each}`),
    ...recommends.rpm.map((each) => `Recommends: ${each}`),
    ...replaces.map((each) => `Conflicts: ${each}`),
    section('description', `${description.join('\n')}\n`),
    section('install', `cp -a '${root}/.' '%{buildroot}'\n`),
    section('post', rpm.afterInstall),
    section('preun', rpm.beforeRemove),
    section('postun', rpm.afterRemove),
    section(
      'files',
      [
        '%defattr(-,root,root,-)',
        ...ownFolders(root, [`usr/lib/${program}`, `usr/share/doc/${name}`, `etc/${program}`]).map(
          (path) => `%dir "${path}"`,
        ),
        ...[...files, ...links].map((path) => `${path.startsWith('/etc/') ? '%config(noreplace) ' : ''}"${path}"`),
        '',
      ].join('\n'),
    ),
  ];
  writeInto(join(place, `${name}.spec`), spec.join('\n'));
  const defines = ['_topdir', '_rpmdir'].flatMap((macro) => ['--define', `${macro} ${place}`]);
  // For another processor nothing is compiled; its name is enough.
  run('rpmbuild', ['-bb', '--target', `${archOf(target).rpm}-linux`, ...defines, join(place, `${name}.spec`)]);
  const folder = join(place, archOf(target).rpm);
  const made = readdirSync(folder).find((each) => each.endsWith('.rpm'));
  if (made === undefined) throw new Error('rpmbuild made no package.');
  cpSync(join(folder, made), join(output, made));
  rmSync(place, { recursive: true });
  return join(output, made);
}

/** Folders that are nobody else's: what is not listed stays behind when the package is removed. */
function ownFolders(root: string, tops: readonly string[]): readonly string[] {
  const below = (top: string): string[] =>
    readdirSync(join(root, top), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
  return tops.flatMap((top) => [`/${top}`, ...below(top)]).sort();
}

/** The same tree for systems without either, to be unpacked at the root or below a prefix. */
function makeTar({ which, target, output, version, root, work, fast = false }: Given): string {
  const { name } = HEADLESS_FACTS[which];
  const file = join(output, `${name}-${version}-${target}.tar.gz`);
  const bare = join(work, 'tree.tar');
  const same = ['--sort=name', `--mtime=@${String(sourceDate())}`, '--owner=0', '--group=0', '--numeric-owner'];
  run('tar', [...same, '--format=ustar', '-cf', bare, '-C', root, '.']);
  run('gzip', ['-n', fast ? '-1' : '-9', '-f', bare]);
  cpSync(`${bare}.gz`, file);
  return file;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      package: { type: 'string' },
      format: { type: 'string', default: 'deb,rpm,tar' },
      target: { type: 'string' },
      modules: { type: 'string' },
      out: { type: 'string', default: join(ROOT, 'dist/packages') },
      fast: { type: 'boolean', default: false },
    },
  });
  const target = LINUX_TARGETS.find((each) => each === (values.target ?? ownTarget()));
  const formats = values.format.split(',').filter((each): each is Format => FORMATS.some((format) => format === each));
  const wanted = HEADLESS.filter((each) => values.package === undefined || values.package === each);
  if (target === undefined || formats.length === 0 || wanted.length === 0) {
    console.error(
      `Usage: package:headless [--package ${HEADLESS.join('|')}] [--format ${FORMATS.join(',')}] [--target linux-x64|linux-arm64]`,
    );
    process.exit(2);
  }
  const { ensureBuilt } = await import('../build.mjs');
  ensureBuilt();
  try {
    for (const which of wanted) {
      const given = {
        which,
        formats,
        target,
        output: resolve(values.out),
        fast: values.fast,
        ...defined({ modules: values.modules }),
      };
      console.log(packHeadless(given).join('\n'));
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}
