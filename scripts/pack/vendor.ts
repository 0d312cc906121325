// npm run vendor -- --target linux-x64 --ffmpeg DIR [--node FILE]: puts the tools that ship beside the app into vendor/<target>.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { licenceOf, parseBuild, type FfmpegFacts } from './ffmpeg-build.ts';
import { ROOT, vendorFolder } from './stage.ts';
import { executableKind, ownTarget, readHead, TARGET_FACTS, TARGETS, vendorFiles, type Target } from './targets.ts';

/** Ends the step with one sentence for the person who builds. */
export class VendorError extends Error {}

export interface PinnedNode {
  readonly package: string;
  readonly file: string;
  readonly integrity: string;
}

interface VendorTable {
  readonly node: { readonly version: string } & Readonly<Record<string, PinnedNode | string>>;
}

export function readTable(): VendorTable {
  return JSON.parse(readFileSync(join(ROOT, 'build/vendor.json'), 'utf8')) as VendorTable;
}

/** What a target's folder lacks, or has of another platform; one sentence each. */
export function vendorProblems(target: Target, folder: string = vendorFolder(target)): string[] {
  return vendorFiles(target).flatMap((name) => {
    const file = join(folder, name);
    if (!existsSync(file)) return [`vendor/${target}/${name} is missing.`];
    const kind = executableKind(readHead(file));
    const { executable } = TARGET_FACTS[target];
    return kind === executable ? [] : [`vendor/${target}/${name} is no ${executable} executable.`];
  });
}

function take(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o755);
}

/** The Node of a pinned npm package, compared with its recorded integrity before a byte of it is used. */
export function fetchNode(target: Target, folder: string): void {
  const { node } = readTable();
  const pinned = node[target];
  const name = vendorFiles(target)[0] ?? 'node';
  if (pinned === undefined || typeof pinned === 'string') {
    throw new VendorError(
      `build/vendor.json pins no Node for ${target}; give the one of https://nodejs.org/dist/v${node.version}/ with --node FILE.`,
    );
  }
  const temporary = mkdtempSync(join(tmpdir(), 'vendor-'));
  try {
    execFileSync('npm', ['pack', `${pinned.package}@${node.version}`, '--silent', '--pack-destination', temporary], {
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
    const archive = join(temporary, `${pinned.package}-${node.version}.tgz`);
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (found !== pinned.integrity) {
      throw new VendorError(`${basename(archive)} is not the pinned one: ${found} instead of ${pinned.integrity}.`);
    }
    execFileSync('tar', ['-xzf', archive, '-C', temporary]);
    take(join(temporary, 'package', pinned.file), join(folder, name));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** A Node that was fetched by hand: the pinned version and no other, as far as this machine can ask it. */
export function takeNode(target: Target, file: string, folder: string): void {
  const wanted = `v${readTable().node.version}`;
  const found = ownTarget() === target ? execFileSync(file, ['--version'], { encoding: 'utf8' }).trim() : wanted;
  if (found !== wanted) throw new VendorError(`${file} is Node ${found}; the pinned one is ${wanted}.`);
  take(file, join(folder, vendorFiles(target)[0] ?? 'node'));
}

/** Copies ffmpeg and ffprobe and writes down what they are: version, flags, licence, hashes. */
export function takeFfmpeg(target: Target, from: string, folder: string, builtFlags?: string): FfmpegFacts {
  const [, ffmpeg = '', ffprobe = ''] = vendorFiles(target);
  for (const name of [ffmpeg, ffprobe]) {
    if (!existsSync(join(from, name))) throw new VendorError(`${join(from, name)} is missing.`);
    take(join(from, name), join(folder, name));
  }
  const said = builtFlags ?? readFlags(target, join(folder, ffmpeg));
  const build = parseBuild(said);
  const licence = licenceOf(build.configuration);
  if (licence === 'nonfree') {
    throw new VendorError('This ffmpeg was built with --enable-nonfree and must not be passed on; take another build.');
  }
  const sha256 = Object.fromEntries(
    [ffmpeg, ffprobe].map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );
  const facts: FfmpegFacts = { ...build, licence, sha256 };
  writeFileSync(join(folder, 'ffmpeg.json'), `${JSON.stringify(facts, null, 2)}\n`);
  return facts;
}

function readFlags(target: Target, ffmpeg: string): string {
  if (ownTarget() !== target) {
    throw new VendorError(
      `Only a ${target} machine can ask this ffmpeg for its flags; put what “ffmpeg -version” prints there into a file and give it with --ffmpeg-version FILE.`,
    );
  }
  return execFileSync(ffmpeg, ['-version'], { encoding: 'utf8' });
}

function main(): void {
  const { values } = parseArgs({
    options: {
      target: { type: 'string' },
      ffmpeg: { type: 'string' },
      'ffmpeg-version': { type: 'string' },
      node: { type: 'string' },
    },
  });
  const target = TARGETS.find((each) => each === (values.target ?? ownTarget()));
  if (target === undefined) throw new VendorError(`Name a target: ${TARGETS.join(', ')}.`);
  const folder = vendorFolder(target);
  mkdirSync(folder, { recursive: true });
  if (values.node === undefined) fetchNode(target, folder);
  else takeNode(target, values.node, folder);
  if (values.ffmpeg !== undefined) {
    const said = values['ffmpeg-version'];
    const facts = takeFfmpeg(target, values.ffmpeg, folder, said === undefined ? said : readFileSync(said, 'utf8'));
    console.log(`ffmpeg ${facts.version} (${facts.licence})`);
  }
  const problems = vendorProblems(target);
  if (problems.length > 0) throw new VendorError(problems.join(' '));
  console.log(`vendor/${target} has ${vendorFiles(target).join(', ')}.`);
}

if (import.meta.main) {
  try {
    main();
  } catch (error) {
    if (!(error instanceof VendorError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
