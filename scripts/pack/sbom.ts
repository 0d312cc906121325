import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { KNOWN_MODELS } from '../../shared/speech-models.ts';
import type { FfmpegFacts } from './ffmpeg-build.ts';
import { shippedComponents } from './notices.ts';
import { ROOT, vendorFolder, writeInto } from './stage.ts';
import { TARGET_FACTS, vendorFiles, type Target } from './targets.ts';
import { readRuntimes } from './check-runtimes.ts';
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
  readonly metadata?: { readonly component?: { readonly 'bom-ref'?: string } };
  readonly dependencies?: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
  readonly [field: string]: unknown;
}

/** The npm part by CycloneDX's own tool; the page's packages, Electron, Chromium, Node, ffmpeg and the models by us. */
export function makeSbom(target: Target, kind: 'desktop' | 'agent' | 'server' = 'desktop'): Sbom {
  const tool = join(ROOT, 'node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js');
  const args = ['--omit', 'dev', '--output-format', 'JSON', '--spec-version', '1.6', '--package-lock-only'];
  const text = execFileSync(process.execPath, [tool, ...args, '--output-reproducible'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const npm = withoutForeign(JSON.parse(text) as Sbom, target);
  return { ...npm, components: [...npm.components, ...bundledInPage(npm, target), ...runtimes(target, kind)] };
}

/** npm's lock has the native packages of every platform as optional ones; only the target's ship. */
function withoutForeign(npm: Sbom, target: Target): Sbom {
  const { native } = TARGET_FACTS[target];
  return onlyWith(npm, (each) => each['scope'] !== 'optional' || native.includes(fullName(each)));
}

/** Leaves components out, and out of what others depend on. */
export function onlyWith(sbom: Sbom, isThere: (component: SbomComponent) => boolean): Sbom {
  const components = sbom.components.filter(isThere);
  const left = new Set([...components.map((each) => each['bom-ref']), sbom.metadata?.component?.['bom-ref']]);
  const dependencies = (sbom.dependencies ?? [])
    .filter(({ ref }) => left.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => left.has(each)) }));
  return { ...sbom, components, dependencies };
}

/** As npm spells it. */
export const fullName = ({ group, name }: SbomComponent): string =>
  group === undefined ? name : `${String(group)}/${name}`;

/** Their code ships in the page, though npm counts them as for development. */
function bundledInPage({ components }: Sbom, target: Target): SbomComponent[] {
  const listed = new Set(components.map(({ purl }) => purl));
  return shippedComponents(target).flatMap(({ name, version, licence }) => {
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    if (listed.has(purl)) return [];
    const [group, short = name] = name.startsWith('@') ? name.split('/') : [undefined, name];
    const licenses = [/ /.test(licence) ? { expression: licence } : { license: { id: licence } }];
    return [
      {
        type: 'library',
        ...(group === undefined ? {} : { group }),
        name: short,
        version,
        purl,
        'bom-ref': purl,
        licenses,
      },
    ];
  });
}

function runtimes(target: Target, kind: 'desktop' | 'agent' | 'server'): SbomComponent[] {
  const require = createRequire(import.meta.url);
  const electron = require('electron/package.json') as { readonly version: string };
  const { node } = readTable();
  const inside = readRuntimes().electron[electron.version];
  const folder = vendorFolder(target);
  const facts = join(folder, 'ffmpeg.json');
  const ffmpeg = existsSync(facts) ? (JSON.parse(readFileSync(facts, 'utf8')) as FfmpegFacts) : null;
  const [nodeFile = 'node'] = vendorFiles(target);
  const own = { type: 'platform', name: 'node', version: node.version, ...hashOf(join(folder, nodeFile)) } as const;
  // Without a window there is no Electron, and ffmpeg is the system's.
  if (kind === 'server') return [own];
  if (kind === 'agent') return [own, ...modelComponents()];
  return [
    { type: 'platform', name: 'electron', version: electron.version, purl: `pkg:npm/electron@${electron.version}` },
    { type: 'platform', name: 'chromium', version: inside?.chromium ?? 'unknown', description: 'inside Electron' },
    ...(inside?.node === undefined || inside.node === null
      ? []
      : [{ type: 'platform', name: 'node', version: inside.node, description: 'inside Electron' } as const]),
    own,
    ...(ffmpeg === null ? [] : ffmpegComponents(ffmpeg)),
    ...modelComponents(),
  ];
}

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

/** Models that the app can fetch; none is in the package. */
function modelComponents(): SbomComponent[] {
  return KNOWN_MODELS.map(({ name, fileName, licence, publisher, sha256, sha1 }) => ({
    type: 'machine-learning-model',
    name: fileName,
    version: name,
    licenses: [{ license: { id: licence } }],
    hashes: [
      ...(sha256 === undefined ? [] : [{ alg: 'SHA-256', content: sha256 }]),
      ...(sha1 === undefined ? [] : [{ alg: 'SHA-1', content: sha1 }]),
    ],
    externalReferences: [{ type: 'distribution', url: `${publisher}/${fileName}` }],
  }));
}

export function writeSbom(target: Target, file: string): Sbom {
  const sbom = makeSbom(target);
  writeInto(file, `${JSON.stringify(sbom, null, 2)}\n`);
  return sbom;
}
