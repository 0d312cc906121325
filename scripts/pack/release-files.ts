// npm run release-files [-- --packages DIR] [--out DIR]: the winget manifests and the Homebrew cask of the packages in a folder.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sourceDate } from './headless-tree.ts';
import { ROOT, writeInto } from './stage.ts';

const HOMEPAGE = 'https://rushcatalog.example';
/** Where the files of a version are for everybody, for good: what stands in a manifest may never change. */
const RELEASES = `${HOMEPAGE}/releases`;
const PUBLISHER = 'RushCatalog';
const APP = 'RushCatalog Agent';
const SUMMARY = 'Derives proxies, thumbnails, waveforms and transcripts from rushes';
const WINGET_ID = 'RushCatalog.Agent';
const WINGET_SCHEMA = '1.10.0';

/** A package that was made, as electron-builder.yml names it (`artifactName`). */
interface Artifact {
  readonly file: string;
  readonly version: string;
  readonly system: 'win' | 'mac';
  readonly arch: string;
  readonly kind: string;
  readonly sha256: string;
}

export function artifactsIn(folder: string): readonly Artifact[] {
  return readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const match = /^rushcatalog-agent-(\d.*)-(win|mac)-(x64|arm64)\.(exe|msi|dmg)$/.exec(file);
      if (match === null) return [];
      const [, version = '', system, arch = '', kind = ''] = match;
      const sha256 = createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex');
      return [{ file, version, system: system as Artifact['system'], arch, kind, sha256 }];
    });
}

const urlOf = ({ version, file }: Artifact): string => `${RELEASES}/${version}/${file}`;

const head = (kind: string): string =>
  `# yaml-language-server: $schema=https://aka.ms/winget-manifest.${kind}.${WINGET_SCHEMA}.schema.json\n`;
/** YAML takes every JSON value, so nothing that stands in one can change its structure. */
const yaml = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    .join('');

/** winget's three files of one version (learn.microsoft.com/windows/package-manager/package/manifest), by name. */
export function wingetManifests(artifacts: readonly Artifact[]): Readonly<Record<string, string>> {
  const windows = artifacts.filter(({ system }) => system === 'win');
  const version = onlyVersion(windows);
  const common = { PackageIdentifier: WINGET_ID, PackageVersion: version };
  const tail = (type: string): string => `ManifestType: ${type}\nManifestVersion: ${WINGET_SCHEMA}\n`;
  const installers = windows.map((each) => {
    // NSIS asks nothing with /S; /allusers is what perMachine of electron-builder.yml means.
    const type = each.kind === 'msi' ? 'wix' : 'nullsoft';
    const switches = each.kind === 'msi' ? '' : "  InstallerSwitches:\n    Custom: '/allusers'\n";
    return `- Architecture: ${each.arch}\n  InstallerType: ${type}\n  Scope: machine\n  InstallerUrl: ${urlOf(each)}\n  InstallerSha256: ${each.sha256.toUpperCase()}\n${switches}`;
  });
  const locale = {
    PackageLocale: 'en-US',
    Publisher: PUBLISHER,
    PublisherUrl: HOMEPAGE,
    PackageName: APP,
    PackageUrl: HOMEPAGE,
    License: 'MIT',
    ShortDescription: SUMMARY,
  };
  return {
    [`${WINGET_ID}.yaml`]: `${head('version')}${yaml({ ...common, DefaultLocale: 'en-US' })}${tail('version')}`,
    [`${WINGET_ID}.installer.yaml`]: `${head('installer')}${yaml(common)}MinimumOSVersion: 10.0.17763.0\nUpgradeBehavior: install\nReleaseDate: ${new Date(sourceDate() * 1_000).toISOString().slice(0, 10)}\nInstallers:\n${installers.join('')}${tail('installer')}`,
    [`${WINGET_ID}.locale.en-US.yaml`]: `${head('defaultLocale')}${yaml({ ...common, ...locale })}${tail('defaultLocale')}`,
  };
}

/** A cask for a tap of one's own or Homebrew's (docs.brew.sh/Cask-Cookbook). */
export function homebrewCask(artifacts: readonly Artifact[]): string {
  const images = artifacts.filter(({ system, kind }) => system === 'mac' && kind === 'dmg');
  const version = onlyVersion(images);
  const sum = (arch: string): string => {
    const found = images.find((each) => each.arch === arch);
    if (found === undefined) throw new Error(`There is no disk image for macOS on ${arch}.`);
    return found.sha256;
  };
  return `cask "rushcatalog-agent" do
  arch arm: "arm64", intel: "x64"

  version "${version}"
  sha256 arm:   "${sum('arm64')}",
         intel: "${sum('x64')}"

  url "${RELEASES}/#{version}/rushcatalog-agent-#{version}-mac-#{arch}.dmg"
  name "${APP}"
  desc "${SUMMARY}"
  homepage "${HOMEPAGE}/"

  auto_updates true
  depends_on macos: ">= :ventura"

  app "${APP}.app"
  binary "#{appdir}/${APP}.app/Contents/Resources/rushcatalog-agent"

  uninstall launchctl: "org.rushcatalog.agent",
            quit:      "org.rushcatalog.agent"

  zap trash: [
    "~/Library/Application Support/rushcatalog-agent",
    "~/Library/Caches/RushCatalog",
    "~/Library/Preferences/org.rushcatalog.agent.plist",
  ]
end
`;
}

function onlyVersion(artifacts: readonly Artifact[]): string {
  const versions = [...new Set(artifacts.map(({ version }) => version))];
  if (versions.length !== 1) throw new Error(`These are packages of ${String(versions.length)} versions, not of one.`);
  return versions[0] ?? '';
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { packages: { type: 'string' }, out: { type: 'string' } } });
  const folder = values.packages ?? join(ROOT, 'dist/packages');
  const output = values.out ?? join(ROOT, 'dist/release-files');
  try {
    const artifacts = artifactsIn(folder);
    if (artifacts.length === 0) throw new Error(`${folder} has no packages for Windows or macOS.`);
    const files: Record<string, string> = {};
    if (artifacts.some(({ system }) => system === 'win')) Object.assign(files, wingetManifests(artifacts));
    if (artifacts.some(({ system }) => system === 'mac')) files['rushcatalog-agent.rb'] = homebrewCask(artifacts);
    for (const [name, text] of Object.entries(files)) writeInto(join(output, name), text);
    console.log(Object.keys(files).join('\n'));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}
