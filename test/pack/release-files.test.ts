import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { artifactsIn, homebrewCask, wingetManifests } from '../../scripts/pack/release-files.ts';
import { ROOT } from '../../scripts/pack/stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'release-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string): string => {
  writeFileSync(join(folder, name), name);
  return createHash('sha256').update(name).digest('hex');
};

describe('what package managers of editors are told', () => {
  const exe = put('rushcatalog-agent-1.2.0-win-x64.exe');
  const msi = put('rushcatalog-agent-1.2.0-win-x64.msi');
  const arm = put('rushcatalog-agent-1.2.0-mac-arm64.dmg');
  const intel = put('rushcatalog-agent-1.2.0-mac-x64.dmg');
  // Neither is for them.
  put('rushcatalog-agent-1.2.0-mac-x64.zip');
  put('latest.yml');
  const artifacts = artifactsIn(folder);

  it('winget gets three files of one version, each installer with its hash', () => {
    const files = wingetManifests(artifacts);
    expect(Object.keys(files)).toEqual([
      'RushCatalog.Agent.yaml',
      'RushCatalog.Agent.installer.yaml',
      'RushCatalog.Agent.locale.en-US.yaml',
    ]);
    for (const text of Object.values(files)) {
      expect(text).toMatch(/^PackageIdentifier: "RushCatalog\.Agent"\nPackageVersion: "1\.2\.0"$/m);
      expect(text).toMatch(/\nManifestType: \w+\nManifestVersion: 1\.10\.0\n$/);
    }
    const installers = files['RushCatalog.Agent.installer.yaml'] ?? '';
    expect(installers.match(/InstallerSha256: (\w+)/g)).toEqual([
      `InstallerSha256: ${exe.toUpperCase()}`,
      `InstallerSha256: ${msi.toUpperCase()}`,
    ]);
    expect(installers).toContain('/releases/1.2.0/rushcatalog-agent-1.2.0-win-x64.msi\n');
  });

  it('Homebrew gets a cask with the hash of each processor’s disk image, and the app’s own name for all', () => {
    const cask = homebrewCask(artifacts);
    expect(cask).toMatch(new RegExp(`sha256 arm: {3}"${arm}",\n +intel: "${intel}"`));
    const yml = readFileSync(join(ROOT, 'electron-builder.yml'), 'utf8');
    const name = /^productName: (.+)$/m.exec(yml)?.[1] ?? '';
    expect(cask).toContain(`app "${name}.app"`);
    expect(cask).toContain(`quit:      "${/^appId: (.+)$/m.exec(yml)?.[1] ?? ''}"`);
  });

  it('packages of two versions, or of one processor alone, are refused', () => {
    expect(() => homebrewCask(artifacts.filter(({ arch }) => arch === 'x64'))).toThrow('on arm64');
    const older = artifacts.map((each) => (each.kind === 'msi' ? { ...each, version: '1.1.0' } : each));
    expect(() => wingetManifests(older)).toThrow('2 versions');
  });

  it('Linux gets metainfo of the version that is made', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const metainfo = readFileSync(join(ROOT, 'build/linux/org.rushcatalog.agent.metainfo.xml'), 'utf8');
    expect(/<release version="([^"]+)"/.exec(metainfo)?.[1]).toBe(version);
  });
});
