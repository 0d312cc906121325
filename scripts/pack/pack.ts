// npm run package -- [--target linux-x64] [--dir] [--modules DIR]: makes the packages of one target (docs/deploy.md).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import type { FfmpegFacts } from './ffmpeg-build.ts';
import { shippedComponents, unwelcome, writeNotices } from './notices.ts';
import { makeRuntime, sealOf } from './runtime.ts';
import { writeSbom } from './sbom.ts';
import { signBuild } from './signing.ts';
import { ROOT, stage, VENDOR, vendorFolder } from './stage.ts';
import { ownTarget, runtimeName, TARGET_FACTS, TARGETS, vendorFiles, type Target } from './targets.ts';
import { vendorProblems } from './vendor.ts';

export interface PackOptions {
  readonly target: Target;
  /** Formats (`deb`, `dir` …) instead of all of the platform's. */
  readonly formats?: readonly string[];
  /** electron-builder's settings that differ, as `--config.name=value`. */
  readonly config?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly modules?: string;
  /** Default: the one of package.json. */
  readonly version?: string;
}

/** Puts the app together and lets electron-builder pack it. Answers what it printed; throws with one sentence. */
export function pack(options: PackOptions): string {
  const { target } = options;
  const staged = stage(target, join(ROOT, 'dist/stage'), options);
  const missing = staged.absent.map((name) => `The package ${name} is not installed.`);
  const problems = [...missing, ...vendorProblems(target)];
  if (problems.length > 0) {
    throw new Error(`${problems.join(' ')} See docs/deploy.md, “Building the packages”.`);
  }
  const components = shippedComponents(target);
  const refused = unwelcome(components);
  if (refused.length > 0) throw new Error(`These licences may not ship: ${refused.join(', ')}.`);
  const notices = join(ROOT, 'dist/notices');
  rmSync(notices, { recursive: true, force: true });
  const facts = join(vendorFolder(target), 'ffmpeg.json');
  const ffmpeg = existsSync(facts) ? (JSON.parse(readFileSync(facts, 'utf8')) as FfmpegFacts) : null;
  writeNotices(notices, ffmpeg, components);
  writeSbom(target, join(notices, 'sbom.cdx.json'));
  sealApp(target, staged.folder);
  return runBuilder(options);
}

/** Where the build lies beside the executable in the desktop app's resources (electron-builder.yml). */
const ROOT_OF_DESKTOP = '../app.asar.unpacked';

/** Makes the executable of the staged app, in dist/runtime, and tells the shell which lease thread is the right one. */
function sealApp(target: Target, folder: string): void {
  signBuild(target, join(folder, 'node_modules'));
  // It lies in the ASAR; the thread, which Electron itself starts, does not (lease-thread-url.ts).
  const scripts = Object.entries(sealOf(folder)).filter(([path]) => path.startsWith('out/node/'));
  writeFileSync(join(folder, 'out/main/sealed.json'), JSON.stringify(Object.fromEntries(scripts)));
  const runtime = join(ROOT, 'dist/runtime');
  rmSync(runtime, { recursive: true, force: true });
  const node = join(vendorFolder(target), vendorFiles(target)[0] ?? 'node');
  makeRuntime({ target, node, build: folder, root: ROOT_OF_DESKTOP, output: join(runtime, runtimeName(target)) });
}

function runBuilder({ target, formats = [], config = {}, env = {} }: PackOptions): string {
  const [platform = '', arch = ''] = TARGET_FACTS[target].builder;
  const settings = Object.entries(config).map(([name, value]) => `--config.${name}=${value}`);
  const cli = join(ROOT, 'node_modules/electron-builder/cli.js');
  const args = [cli, platform, ...formats, arch, '--publish', 'never', '--config', 'electron-builder.yml', ...settings];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, RUSHCATALOG_VENDOR: relative(ROOT, VENDOR), ...env },
    maxBuffer: 64 << 20,
  });
  const said = `${stdout}${stderr}`;
  if (status !== 0) throw new Error(`electron-builder ended with code ${String(status)}:\n${said.slice(-4_000)}`);
  return said;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { target: { type: 'string' }, dir: { type: 'boolean' }, modules: { type: 'string' } },
  });
  const target = TARGETS.find((each) => each === (values.target ?? ownTarget()));
  if (target === undefined) {
    console.error(`Name a target: ${TARGETS.join(', ')}.`);
    process.exit(2);
  }
  const { ensureBuilt } = await import('../build.mjs');
  ensureBuilt();
  try {
    const { modules } = values;
    console.log(
      pack({
        target,
        ...(values.dir === true ? { formats: ['dir'] } : {}),
        ...(modules === undefined ? {} : { modules }),
      }),
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}
