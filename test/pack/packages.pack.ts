import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractFile, listPackage, statFile } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { walkAsync } from '@electron/osx-sign/dist/cjs/util.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build.mjs';
import type { Sbom } from '../../scripts/pack/sbom.ts';
import { JOB_TYPES } from '../../shared/job.ts';
import { nativeFiles } from '../../scripts/pack/signing.ts';
import { listFiles, ROOT, type ListedFile } from '../../scripts/pack/stage.ts';
import { executableKind, TARGET_FACTS, TARGETS, type Target } from '../../scripts/pack/targets.ts';
import { h264Clip, photoFile, wavFile } from '../support/made-media.ts';
import { writeRecitingModel } from '../support/reciting-model.ts';
import { makePackage, type MadePackage } from './made-package.ts';

/** What may lie beside the app; anything else is a file that nobody meant to ship. */
const MEANT: readonly RegExp[] = [
  /^app\.asar$/,
  /^app\.asar\.unpacked\/package\.json$/,
  /^app\.asar\.unpacked\/out\/(node|renderer|console)\/[\w./@-]+\.(js|css|html|svg|woff2|json|png)$/,
  /^app\.asar\.unpacked\/node_modules\/(sharp|@img|@fugood|detect-libc|semver|libheif-js|mediainfo\.js|systeminformation)\//,
  /^app-update\.yml$/,
  /^bin\//,
  /^runtime\/rushcatalog-agent(\.exe)?$/,
  /^notices\/(LICENSE|THIRD-PARTY-NOTICES|FFMPEG)\.txt$/,
  /^notices\/sbom\.cdx\.json$/,
  /^rushcatalog-agent(\.cmd)?$/,
  /^service\//,
  /^tray\/[\w@]+\.png$/,
  // Electron's own, on macOS.
  /^(electron|icon)\.icns$/,
];
const UNWANTED =
  /(?<!LICEN[CS]E)\.(ts|mts|tsx|map|md|cc|gyp)$|(^|\/)(test|tests|src|\.git)(\/|$)|(^|\/)(settings|journal|token)/;

const folder = mkdtempSync(join(tmpdir(), 'pack-'));
const made = new Map<Target, MadePackage>();
const get = (target: Target): MadePackage => {
  const found = made.get(target);
  if (found === undefined) throw new Error(`${target} was not packed`);
  return found;
};

const signLog = (target: Target): string => join(folder, `signed-${target}.log`);

beforeAll(() => {
  ensureBuilt();
  for (const target of TARGETS) {
    // Signs nothing, and writes down what it was to sign and when.
    process.env['RUSHCATALOG_SIGN_COMMAND'] = `echo "$FILE" >> '${signLog(target)}'`;
    made.set(target, makePackage(target, join(folder, target)));
    delete process.env['RUSHCATALOG_SIGN_COMMAND'];
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function headOf(file: string): Buffer {
  const handle = openSync(file, 'r');
  const head = Buffer.alloc(4);
  const read = readSync(handle, head, 0, 4, 0);
  closeSync(handle);
  return head.subarray(0, read);
}

/** A PATH with what a launcher and the start of a child need, and nothing that could stand in for what ships. */
function bareTools(): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const name of ['sh', 'dirname', 'readlink', 'setpriv', 'nice']) {
    const from = ['/bin', '/usr/bin'].map((place) => join(place, name)).find((path) => existsSync(path));
    if (from !== undefined && !existsSync(join(bin, name))) symlinkSync(from, join(bin, name));
  }
  return bin;
}

function tell(target: Target, files: readonly ListedFile[]): void {
  const groups = new Map<string, { files: number; bytes: number }>();
  for (const { path, bytes } of files) {
    const group = path.startsWith('app.asar.unpacked/')
      ? path
          .split('/')
          .slice(0, path.includes('/@') ? 4 : 3)
          .join('/')
      : (path.split('/')[0] ?? path);
    const sum = groups.get(group) ?? { files: 0, bytes: 0 };
    groups.set(group, { files: sum.files + 1, bytes: sum.bytes + bytes });
  }
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const lines = [...groups].map(([name, { files: count, bytes }]) =>
    [`${(bytes / 1e6).toFixed(2).padStart(9)} MB`, String(count).padStart(5), ` ${name}`].join(' '),
  );
  console.log(
    [`${target}: ${files.length} files, ${(total / 1e6).toFixed(1)} MB beside Electron`, ...lines].join('\n'),
  );
}

describe.each(TARGETS)('the package for %s', (target) => {
  it('has what is meant and nothing else', () => {
    const files = listFiles(get(target).resources);
    tell(target, files);
    expect(files.filter(({ path }) => !MEANT.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(files.filter(({ path }) => UNWANTED.test(path))).toEqual([]);
    for (const needed of [
      'app.asar.unpacked/out/node/rushcatalog-agent.js',
      'app.asar.unpacked/out/node/lease-thread.js',
      'app.asar.unpacked/out/node/media-worker.js',
      'app.asar.unpacked/out/node/speech-engine.js',
      'app.asar.unpacked/out/renderer/index.html',
      'app.asar.unpacked/out/console/console.html',
      ...TARGET_FACTS[target].native.map((name) => `app.asar.unpacked/node_modules/${name}/package.json`),
    ]) {
      expect(files.map(({ path }) => path)).toContain(needed);
    }
  });

  it('has executables of its own platform only, all outside the ASAR', () => {
    const { resources } = get(target);
    const kinds = listFiles(resources).flatMap(({ path }) => {
      const kind = executableKind(headOf(join(resources, path)));
      return kind === null ? [] : [{ path, kind }];
    });
    expect(kinds.length).toBeGreaterThanOrEqual(5);
    expect(kinds.filter(({ kind }) => kind !== TARGET_FACTS[target].executable)).toEqual([]);
    const asar = join(resources, 'app.asar');
    const packed = listPackage(asar, { isPack: false })
      .map((path) => path.replace(/^[\\/]/, ''))
      .filter((path) => !('files' in statFile(asar, path)) && !('unpacked' in statFile(asar, path)));
    expect(packed.filter((path) => /\.(node|so|dylib|dll|exe)/.test(path) || UNWANTED.test(path))).toEqual([]);
    expect(packed).toContain(join('out', 'main', 'main.js'));
    expect(packed).toContain(join('out', 'preload', 'preload.cjs'));
    expect(packed).toContain(join('out', 'main', 'sealed.json'));
    // What Electron itself loads is inside, where its fuse checks it; nothing of it is a mere reference to a file beside.
    expect(packed).toContain(join('node_modules', 'systeminformation', 'lib', 'index.js'));
    expect(existsSync(`${asar}.unpacked/out/main`)).toBe(false);
    expect(JSON.parse(extractFile(asar, 'package.json').toString())).toMatchObject({ main: 'out/main/main.js' });
  });

  it('has every fuse set as meant, read back from its executable', async () => {
    const { output } = get(target);
    const executable = {
      linux: TARGET_FACTS[target].resources.replace(/resources$/, 'rushcatalog-desktop'),
      win32: 'win-unpacked/RushCatalog Agent.exe',
      darwin: TARGET_FACTS[target].resources.replace(/\/Contents\/Resources$/, ''),
    }[TARGET_FACTS[target].platform];
    const wire = await getCurrentFuseWire(join(output, executable));
    // The wire is written in the characters 1 and 0.
    const [on, off] = ['1'.charCodeAt(0), '0'.charCodeAt(0)];
    expect(wire).toMatchObject({
      [FuseV1Options.RunAsNode]: off,
      [FuseV1Options.EnableCookieEncryption]: on,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: off,
      [FuseV1Options.EnableNodeCliInspectArguments]: off,
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: on,
      [FuseV1Options.OnlyLoadAppFromAsar]: on,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: off,
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: off,
    });
  });

  it('tells its licences, the flags of ffmpeg with the offer of its source, and an SBOM with the runtimes', () => {
    const notices = join(get(target).resources, 'notices');
    expect(readFileSync(join(notices, 'FFMPEG.txt'), 'utf8')).toMatch(
      /--enable-(version3|gpl)\n[^]+complete corresponding source/,
    );
    expect(readFileSync(join(notices, 'THIRD-PARTY-NOTICES.txt'), 'utf8')).toMatch(/^fastify \d[^]+^react \d/m);
    const sbom = JSON.parse(readFileSync(join(notices, 'sbom.cdx.json'), 'utf8')) as Sbom;
    const names = sbom.components.map(({ group, name }) => (group === undefined ? name : `${String(group)}/${name}`));
    expect(sbom.bomFormat).toBe('CycloneDX');
    expect(names).toEqual(expect.arrayContaining(['fastify', 'electron', 'chromium', 'node', 'ffmpeg', 'ffprobe']));
    // Bundled into the page, and what that needs; the models that can be fetched; native code of this platform alone.
    expect(names).toEqual(expect.arrayContaining(['react', '@floating-ui/core', 'ggml-base.bin']));
    expect(names.filter((name) => /^@img\/sharp-|^@fugood\/node-/.test(name)).sort()).toEqual(
      [...TARGET_FACTS[target].native].sort(),
    );
    const node = sbom.components.find(({ name }) => name === 'node');
    expect(node).toMatchObject({ hashes: [{ alg: 'SHA-256', content: expect.stringMatching(/^[0-9a-f]{64}$/) }] });
  });
});

describe.each(['mac-arm64', 'mac-x64'] as const)('what is signed for %s', (target) => {
  it('is every nested Mach-O: the build’s libraries before the executable that has their hashes, the rest by electron-builder', async () => {
    const app = join(get(target).resources, '../..');
    const yml = readFileSync(join(ROOT, 'electron-builder.yml'), 'utf8');
    const ignored = new RegExp(/signIgnore: \['(.+)'\]/.exec(yml)?.[1] ?? 'none');
    const byBuilder = (await walkAsync(join(app, 'Contents'))).filter((path) => !ignored.test(path));
    const log = readFileSync(signLog(target), 'utf8').trim().split('\n');
    const stage = join(ROOT, 'dist/stage');
    const byUs = log
      .filter((path) => path.startsWith(stage))
      .map((path) => path.replace(stage, join(app, 'Contents/Resources/app.asar.unpacked')));
    const nested = nativeFiles(target, join(app, 'Contents')).map((path) => join(app, 'Contents', path));
    console.log(`${target}: ${String(nested.length)} Mach-O files, ${String(byUs.length)} of them in the build`);
    expect(nested.filter((path) => !byBuilder.includes(path) && !byUs.includes(path))).toEqual([]);
    expect(byUs.filter((path) => byBuilder.includes(path))).toEqual([]);
    expect(byUs.length).toBeGreaterThanOrEqual(3);
    expect(log.at(-1)).toMatch(/dist\/runtime\/rushcatalog-agent$/);
  });
});

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the unpacked tree on this machine', () => {
  const command = (args: readonly string[], home: string): string =>
    execFileSync(join(get('linux-x64').resources, 'rushcatalog-agent'), args, {
      encoding: 'utf8',
      // No Node and no ffmpeg of the system: what runs is what ships.
      env: { PATH: bareTools(), HOME: home, XDG_DATA_HOME: join(home, 'data'), XDG_CACHE_HOME: join(home, 'cache') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  it('brings metainfo that AppStream’s own tool finds nothing wrong with', () => {
    const file = join(ROOT, 'build/linux/org.rushcatalog.agent.metainfo.xml');
    const { status, error, stdout } = spawnSync('appstreamcli', ['validate', '--no-net', file], { encoding: 'utf8' });
    if (error !== undefined) console.log('AppStream metainfo is not validated: appstreamcli is not installed.');
    else expect(stdout, String(status)).toContain('Validation was successful');
  });

  it('does a job of each type by its own executable with its own ffmpeg', async () => {
    const home = mkdtempSync(join(folder, 'home-'));
    const model = join(home, 'reciting.bin');
    await writeRecitingModel(model);
    const media = [await h264Clip(), await wavFile(), await photoFile('packed.jpg')];
    const out = ['--out', join(home, 'out'), '--speech-model', model, '--json'];
    const results = JSON.parse(command(['process', ...media, ...out], home)) as readonly {
      readonly job_type: string;
      readonly status: string;
    }[];
    const done = results.filter(({ status }) => status === 'completed').map(({ job_type }) => job_type);
    console.log(`packaged process: ${done.join(', ')}`);
    expect(results.filter(({ status }) => status !== 'completed')).toEqual([]);
    expect([...new Set(done)].sort()).toEqual([...JOB_TYPES].sort());
    const files = listFiles(join(home, 'out')).map(({ path }) => path);
    for (const pattern of [/\.(mp4|m4v)$/, /\.webp$/, /transcript\.json$/]) {
      expect(files.some((path) => pattern.test(path))).toBe(true);
    }
  });
});
