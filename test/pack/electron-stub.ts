import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Target } from '../../scripts/pack/targets.ts';
import { TARGET_FACTS } from '../../scripts/pack/targets.ts';

/** Electron's mark before the fuses in its executable, then version 1, their number, and each as '0' or '1'. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
/** As Electron ships them: RunAsNode, NODE_OPTIONS and --inspect on, the protections off. */
const FACTORY = '101100010';

const fuses = (): Buffer =>
  Buffer.concat([Buffer.from(SENTINEL, 'latin1'), Buffer.from([1, FACTORY.length]), Buffer.from(FACTORY, 'latin1')]);

/** A real PE file of the tools in node_modules: electron-builder edits its resources. */
const PE_FILE = fileURLToPath(new URL('../../node_modules/electron-winstaller/vendor/Setup.exe', import.meta.url));

function write(file: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
}

const plist = (name: string, id: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>CFBundleExecutable</key><string>${name}</string><key>CFBundleIdentifier</key><string>${id}</string><key>CFBundleName</key><string>${name}</string><key>CFBundlePackageType</key><string>APPL</string></dict></plist>
`;

const EXECUTABLE_HEAD = {
  elf: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]),
  pe: Buffer.from('MZ\0\0\0\0\0\0', 'latin1'),
  'mach-o': Buffer.from([0xcf, 0xfa, 0xed, 0xfe, 0, 0, 0, 0]),
} as const;

/** The bytes of a file that begins like an executable of the target, and is none. */
export const likeExecutable = (target: Target): Buffer => EXECUTABLE_HEAD[TARGET_FACTS[target].executable];

/**
 * A folder laid out like Electron's download, with the fuses where its executable has them. Nothing in it runs: what
 * is looked at is what electron-builder puts around it.
 */
export function makeElectronStub(target: Target, folder: string): string {
  write(join(folder, 'version'), '45.4.1');
  write(join(folder, 'LICENSE'), 'MIT');
  write(join(folder, 'LICENSES.chromium.html'), '<html></html>');
  if (TARGET_FACTS[target].platform === 'darwin') makeMacStub(target, folder);
  else if (TARGET_FACTS[target].platform === 'win32') {
    write(join(folder, 'electron.exe'), Buffer.concat([readFileSync(PE_FILE), fuses()]), 0o755);
    mkdirSync(join(folder, 'resources'), { recursive: true });
  } else {
    write(join(folder, 'electron'), Buffer.concat([likeExecutable(target), fuses()]), 0o755);
    write(join(folder, 'chrome-sandbox'), likeExecutable(target), 0o755);
    mkdirSync(join(folder, 'resources'), { recursive: true });
  }
  return folder;
}

function makeMacStub(target: Target, folder: string): void {
  const contents = join(folder, 'Electron.app/Contents');
  const head = likeExecutable(target);
  write(join(contents, 'MacOS/Electron'), head, 0o755);
  write(join(contents, 'Info.plist'), plist('Electron', 'com.github.electron'));
  write(join(contents, 'Resources/electron.icns'), '');
  const framework = join(contents, 'Frameworks/Electron Framework.framework');
  write(join(framework, 'Electron Framework'), Buffer.concat([head, fuses()]), 0o755);
  for (const kind of ['', ' (GPU)', ' (Plugin)', ' (Renderer)']) {
    const name = `Electron Helper${kind}`;
    const helper = join(contents, 'Frameworks', `${name}.app/Contents`);
    write(join(helper, 'MacOS', name), head, 0o755);
    write(join(helper, 'Info.plist'), plist(name, 'com.github.electron.helper'));
  }
}

/** Native packages as npm would install them for another platform: their names, and an executable's first bytes. */
export function makeNativeStubs(target: Target, folder: string): void {
  for (const name of TARGET_FACTS[target].native) {
    const main = name.includes('whisper') ? 'index.node' : 'lib/native.node';
    write(join(folder, name, 'package.json'), JSON.stringify({ name, version: '0.0.0', main, license: 'MIT' }));
    write(join(folder, name, main), likeExecutable(target), 0o755);
  }
}

export function copyTree(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
}
