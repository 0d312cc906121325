// npm run package -- [--target linux-x64] [--dir] [--modules DIR]: makes the packages of one target (docs/deploy.md).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import type { FfmpegFacts } from './ffmpeg-build.ts';
import { shippedComponents, unwelcome, writeNotices } from './notices.ts';
import { writeSbom } from './sbom.ts';
import { ROOT, stage, VENDOR, vendorFolder } from './stage.ts';
import { ownTarget, TARGET_FACTS, TARGETS, type Target } from './targets.ts';
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
  return runBuilder(options);
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
