// npm run check:runtimes [-- --strict]: whether the two Nodes that ship have every fix that build/runtimes.json knows of.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { electronBinary } from '../electron-binary.ts';
import { ROOT } from './stage.ts';
import { readTable } from './vendor.ts';

interface SecurityRelease {
  /** Day of its announcement on nodejs.org. */
  readonly date: string;
  /** Major → its first version with the fixes. */
  readonly fixed: Readonly<Record<string, string>>;
  readonly cves: readonly string[];
}

interface Runtimes {
  /** Day on which somebody last compared the list with nodejs.org/en/blog/vulnerability and releases.electronjs.org. */
  readonly looked: string;
  /** Of each Electron that shipped: the Node and Chromium inside; null where nobody has read it yet. */
  readonly electron: Readonly<Record<string, { readonly node: string | null; readonly chromium: string }>>;
  readonly securityReleases: readonly SecurityRelease[];
}

export const readRuntimes = (): Runtimes =>
  JSON.parse(readFileSync(join(ROOT, 'build/runtimes.json'), 'utf8')) as Runtimes;

const parts = (version: string): readonly number[] => version.split('.').map(Number);

function isOlder(version: string, than: string): boolean {
  const [mine, other] = [parts(version), parts(than)];
  const at = mine.findIndex((part, n) => part !== other[n]);
  return at !== -1 && (mine[at] ?? 0) < (other[at] ?? 0);
}

/** The security releases whose fixes a Node lacks. A major that a release does not name is over or not born yet. */
export function missingFixes(version: string, releases: readonly SecurityRelease[]): readonly SecurityRelease[] {
  const major = version.split('.')[0] ?? '';
  return releases.filter(({ fixed }) => fixed[major] !== undefined && isOlder(version, fixed[major]));
}

/** What Electron's own executable says, else the list, else null. Asked before its fuses are set: then it answers no more. */
function nodeOfElectron(version: string): string | null {
  const binary = electronBinary();
  if (binary === null) return readRuntimes().electron[version]?.node ?? null;
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  return execFileSync(binary, ['-p', 'process.versions.node'], { encoding: 'utf8', env }).trim();
}

if (import.meta.main) {
  const strict = process.argv.includes('--strict');
  const { version: electron } = createRequire(import.meta.url)('electron/package.json') as { readonly version: string };
  const { looked, securityReleases } = readRuntimes();
  const ours = readTable().node.version;
  const inside = nodeOfElectron(electron);
  let behind = false;
  for (const [name, version] of [
    ['Our Node', ours],
    [`Electron ${electron}’s Node`, inside],
  ] as const) {
    if (version === null) {
      console.log(
        `${name}: not known here; fetch Electron (npx install-electron), or write it into build/runtimes.json.`,
      );
      behind ||= strict;
      continue;
    }
    const missing = missingFixes(version, securityReleases);
    behind ||= missing.length > 0;
    for (const { date, cves } of missing)
      console.log(`${name} ${version} lacks the fixes of ${date}: ${cves.join(', ')}`);
    if (missing.length === 0) console.log(`${name} ${version} has all known fixes.`);
  }
  if (inside !== null && ours.split('.')[0] !== inside.split('.')[0]) console.log('The two are of different majors.');
  console.log(`The list was last compared with what is published on ${looked}.`);
  process.exitCode = behind ? 1 : 0;
}
