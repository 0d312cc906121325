import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LICENCE_FILE } from './contents.ts';
import type { FfmpegFacts } from './ffmpeg-build.ts';
import { pagePlaces, readLock } from './page-packages.ts';
import { ROOT, writeInto } from './stage.ts';
import { TARGET_FACTS, type Target } from './targets.ts';

export interface Component {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly text: string | undefined;
}

/**
 * The npm packages whose code ships, bundled or beside: everything that is not for development only, and the page's.
 * Optional ones are native code, of which each target has its own.
 */
export function shippedComponents(target: Target): Component[] {
  const lock = readLock();
  const page = pagePlaces(lock);
  const own = TARGET_FACTS[target].native.map((name) => `node_modules/${name}`);
  const places = Object.entries(lock)
    .filter(
      ([path, { dev, optional }]) =>
        path !== '' && (dev !== true || page.has(path)) && (optional !== true || own.includes(path)),
    )
    .map(([path]) => join(ROOT, path))
    .filter((path) => existsSync(join(path, 'package.json')));
  const components = places.map(readComponent);
  const byName = new Map(components.map((each) => [`${each.name}@${each.version}`, each]));
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Native libraries whose packages come without the licence of the project that they are built from. */
const WITHOUT_LICENCE: readonly (readonly [name: RegExp, file: string])[] = [
  [/^@fugood\/node-whisper-/, join(ROOT, 'build/licences/whisper.txt')],
];

function readComponent(folder: string): Component {
  const facts = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  const { license } = facts;
  const licence =
    typeof license === 'string' ? license : ((license as { type?: string } | undefined)?.type ?? 'UNKNOWN');
  const name = String(facts['name']);
  const kept = WITHOUT_LICENCE.find(([named]) => named.test(name))?.[1];
  const file = readdirSync(folder).find((each) => LICENCE_FILE.test(each));
  const path = file === undefined ? kept : join(folder, file);
  return {
    name,
    version: String(facts['version']),
    licence,
    text: path === undefined ? undefined : readFileSync(path, 'utf8').trim(),
  };
}

const PERMISSIVE =
  /^\(?(MIT|MIT-0|ISC|BSD-2-Clause|BSD-3-Clause|0BSD|Apache-2\.0|CC0-1\.0|CC-BY-4\.0|Unlicense|BlueOak-1\.0\.0|Python-2\.0|WTFPL|\(MIT OR [^)]+\)|MIT OR .+|.+ OR MIT|\(.+ OR .+\))\)?$/;
const SEPARATE_LGPL = /^LGPL-(2\.1|3\.0)(-only|-or-later)?$/;

/** Licences that may not ship as they are; empty when all is well. */
export function unwelcome(components: readonly Component[]): string[] {
  return components
    .filter(
      ({ licence }) =>
        !PERMISSIVE.test(licence) &&
        !licence.split(' AND ').every((part) => PERMISSIVE.test(part) || SEPARATE_LGPL.test(part)),
    )
    .map(({ name, version, licence }) => `${name}@${version}: ${licence}`);
}

/** Writes the notices that lie beside the app: ours, npm's, ffmpeg's with its flags and the offer of its source. */
export function writeNotices(folder: string, ffmpeg: FfmpegFacts | null, components: readonly Component[]): void {
  writeInto(join(folder, 'LICENSE.txt'), readFileSync(join(ROOT, 'LICENSE')));
  const parts = components.map(
    ({ name, version, licence, text }) =>
      `${name} ${version}\n${licence}\n\n${text ?? `Its package has no licence file; it names ${licence}.`}\n`,
  );
  writeInto(join(folder, 'THIRD-PARTY-NOTICES.txt'), parts.join(`\n${'-'.repeat(100)}\n\n`));
  writeInto(join(folder, 'FFMPEG.txt'), ffmpegNotice(ffmpeg));
}

function ffmpegNotice(facts: FfmpegFacts | null): string {
  if (facts === null) return 'This package has no ffmpeg inside; the one of the system is used.\n';
  const hashes = Object.entries(facts.sha256).map(([name, hash]) => `  ${hash}  ${name}`);
  return [
    `This package has the unchanged programs ffmpeg and ffprobe ${facts.version} inside, under ${facts.licence}.`,
    'They run as processes of their own and can be replaced: name others in the settings ffmpegPath and ffprobePath.',
    '',
    'Built with:',
    ...facts.configuration.map((flag) => `  ${flag}`),
    '',
    'SHA-256:',
    ...hashes,
    '',
    'Source: https://ffmpeg.org/releases/. For three years from the day you received this package we will give anyone',
    'who asks (support@rushcatalog.example) the complete corresponding source of these programs and of the libraries',
    'built into them, for no more than the cost of sending it.',
    '',
  ].join('\n');
}
