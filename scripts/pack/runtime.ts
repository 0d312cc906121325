import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SealedList } from '../../electron/work/process/sealed-files.ts';
import { withoutSignature } from './pe-signature.ts';
import { signFile } from './signing.ts';
import { listFiles, ROOT } from './stage.ts';
import { TARGET_FACTS, type Target } from './targets.ts';
import { readTable } from './vendor.ts';

/** Node's mark in front of what was put into it; the digit behind it turns from 0 to 1 (nodejs.org, SEA). */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Options of every program of ours, on which nothing from outside can set another one:
 * no debugger is opened by SIGUSR1, no OpenSSL configuration loads a library, add-ons and modules are looked for beside us
 * alone. And 4 MiB of room for new objects: what stays of it after a busy hour is memory that the editor's programs do not have.
 */
const OPTIONS = (target: Target): readonly string[] => [
  '--disable-sigusr1',
  `--openssl-config=${TARGET_FACTS[target].platform === 'win32' ? 'NUL' : '/dev/null'}`,
  '--no-global-search-paths',
  '--max-semi-space-size=4',
];

export interface RuntimeOptions {
  readonly target: Target;
  /** The target's Node, of the version that builds it. */
  readonly node: string;
  /** Folder with `out`, `node_modules` and `package.json`, as they will lie beside the executable. */
  readonly build: string;
  /** Where the build will lie, seen from the executable's folder. */
  readonly root: string;
  /** File to write. */
  readonly output: string;
}

/** What a program of ours reads of a build; the rest of out/ is Electron's, in the ASAR. */
const SEALED = /^(package\.json$|node_modules\/|out\/(node|renderer|console)\/)/;

/** The hashes of a build as it was put together (stage.ts). */
export function sealOf(build: string): SealedList {
  const names = listFiles(build)
    .map(({ path }) => path)
    .filter((path) => SEALED.test(path));
  const hash = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(build, name)))
      .digest('hex');
  return Object.fromEntries(names.map((name) => [name, hash(name)]));
}

/**
 * Makes the one executable of a package: a Node with our script and the hashes of the build inside
 * (electron/work/process/sealed-runtime.ts). In this order, because each step changes what the next one vouches for:
 * the build's libraries are signed already (signing.ts), their hashes are taken, all is put into Node, Node is signed.
 */
export function makeRuntime(options: RuntimeOptions): void {
  const { target, node, build, root, output } = options;
  const { version } = readTable().node;
  if (process.versions.node !== version) {
    throw new Error(`This is Node ${process.versions.node}; the executable is made by the pinned ${version} alone.`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'runtime-'));
  try {
    copyFileSync(join(ROOT, 'out/runtime/runtime.cjs'), join(folder, 'runtime.cjs'));
    writeFileSync(join(folder, 'seal.json'), JSON.stringify({ root, files: sealOf(build) }));
    const config = {
      main: 'runtime.cjs',
      output: 'runtime.blob',
      disableExperimentalSEAWarning: true,
      // Both are of the machine that builds, not of the target.
      useSnapshot: false,
      useCodeCache: false,
      execArgv: OPTIONS(target),
      // NODE_OPTIONS is ignored, and so is every option among the arguments.
      execArgvExtension: 'none',
      assets: { 'seal.json': 'seal.json', 'runtime.cjs': 'runtime.cjs' },
    };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    execFileSync(process.execPath, ['--experimental-sea-config', 'config.json'], { cwd: folder, stdio: 'ignore' });
    mkdirSync(dirname(output), { recursive: true });
    takeNode(target, node, output);
    inject(target, output, join(folder, 'runtime.blob'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  signFile(target, output);
}

/** Node as its publisher signed it: that signature would not be right for what it becomes. */
function takeNode(target: Target, node: string, output: string): void {
  copyFileSync(node, output);
  chmodSync(output, 0o755);
  const { platform } = TARGET_FACTS[target];
  if (platform === 'win32') writeFileSync(output, withoutSignature(readFileSync(output)));
  if (platform === 'darwin' && process.platform === 'darwin') execFileSync('codesign', ['--remove-signature', output]);
}

function inject(target: Target, output: string, blob: string): void {
  const postject = join(ROOT, 'node_modules/postject/dist/cli.js');
  const segment = TARGET_FACTS[target].platform === 'darwin' ? ['--macho-segment-name', 'NODE_SEA'] : [];
  const words = [postject, output, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE, ...segment];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`Nothing could be put into ${output}: ${`${stdout}${stderr}`.slice(-1_000)}`);
}
