import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { FfmpegFacts } from './ffmpeg-build.ts';
import { ROOT, vendorFolder, writeInto } from './stage.ts';
import { vendorFiles, type Target } from './targets.ts';
import { readTable } from './vendor.ts';

interface SbomComponent {
  readonly type: 'application' | 'library' | 'platform' | 'machine-learning-model';
  readonly name: string;
  readonly version: string;
  readonly [field: string]: unknown;
}

export interface Sbom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly components: readonly SbomComponent[];
  readonly [field: string]: unknown;
}

/** The npm part by CycloneDX's own tool; Electron, Chromium, Node, ffmpeg and the model list by us. */
export function makeSbom(target: Target): Sbom {
  const tool = join(ROOT, 'node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js');
  const args = ['--omit', 'dev', '--output-format', 'JSON', '--spec-version', '1.6', '--package-lock-only'];
  const text = execFileSync(process.execPath, [tool, ...args, '--output-reproducible'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const npm = JSON.parse(text) as Sbom;
  return { ...npm, components: [...npm.components, ...runtimes(target)] };
}

function runtimes(target: Target): SbomComponent[] {
  const require = createRequire(import.meta.url);
  const electron = require('electron/package.json') as { readonly version: string };
  const { node } = readTable();
  const folder = vendorFolder(target);
  const facts = join(folder, 'ffmpeg.json');
  const ffmpeg = existsSync(facts) ? (JSON.parse(readFileSync(facts, 'utf8')) as FfmpegFacts) : null;
  const [nodeFile = 'node'] = vendorFiles(target);
  return [
    { type: 'platform', name: 'electron', version: electron.version, purl: `pkg:npm/electron@${electron.version}` },
    { type: 'platform', name: 'chromium', version: CHROMIUM, description: 'inside Electron' },
    { type: 'platform', name: 'node', version: node.version, ...hashOf(join(folder, nodeFile)) },
    ...(ffmpeg === null ? [] : ffmpegComponents(ffmpeg)),
    ...modelComponents(),
  ];
}

/** Of Electron 45 (its release notes); the packaged binary's `version` file tells the build. */
const CHROMIUM = '156';

function hashOf(file: string): { readonly hashes?: readonly { readonly alg: string; readonly content: string }[] } {
  if (!existsSync(file)) return {};
  return { hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(readFileSync(file)).digest('hex') }] };
}

function ffmpegComponents({ version, licence, sha256, configuration }: FfmpegFacts): SbomComponent[] {
  return Object.entries(sha256).map(([name, content]) => ({
    type: 'application',
    name: name.replace(/\.exe$/, ''),
    version,
    licenses: [{ license: { id: licence } }],
    hashes: [{ alg: 'SHA-256', content }],
    properties: [{ name: 'ffmpeg:configuration', value: configuration.join(' ') }],
  }));
}

/** Models that the app can fetch, where the sources name any: build/models.json, name → {version, sha256}. */
function modelComponents(): SbomComponent[] {
  const file = join(ROOT, 'build/models.json');
  if (!existsSync(file)) return [];
  const models = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { version: string; sha256: string }>;
  return Object.entries(models).map(([name, { version, sha256 }]) => ({
    type: 'machine-learning-model',
    name,
    version,
    hashes: [{ alg: 'SHA-256', content: sha256 }],
  }));
}

export function writeSbom(target: Target, file: string): Sbom {
  const sbom = makeSbom(target);
  writeInto(file, `${JSON.stringify(sbom, null, 2)}\n`);
  return sbom;
}
