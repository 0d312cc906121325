/** What a package is made for, and what only its platform has. */

import { closeSync, openSync, readSync } from 'node:fs';

export const TARGETS = ['linux-x64', 'linux-arm64', 'win-x64', 'mac-arm64', 'mac-x64'] as const;
export type Target = (typeof TARGETS)[number];

export interface TargetFacts {
  /** electron-builder's switches. */
  readonly builder: readonly string[];
  /** As `process.platform` and the native packages call it. */
  readonly platform: 'linux' | 'win32' | 'darwin';
  readonly arch: 'x64' | 'arm64';
  readonly executable: 'elf' | 'pe' | 'mach-o';
  /** Packages with this platform's native code; nobody else's may be in the package. */
  readonly native: readonly string[];
  /** Where Electron keeps its resources, seen from the packed folder. */
  readonly resources: string;
}

export const TARGET_FACTS: Readonly<Record<Target, TargetFacts>> = {
  'linux-x64': linuxFacts('x64', 'linux-unpacked'),
  'linux-arm64': linuxFacts('arm64', 'linux-arm64-unpacked'),
  'win-x64': {
    builder: ['--win', '--x64'],
    platform: 'win32',
    arch: 'x64',
    executable: 'pe',
    // sharp's Windows package has libvips inside.
    native: ['@img/sharp-win32-x64', '@fugood/node-whisper-win32-x64'],
    resources: 'win-unpacked/resources',
  },
  'mac-arm64': macFacts('arm64', 'mac-arm64'),
  'mac-x64': macFacts('x64', 'mac'),
};

function linuxFacts(arch: 'arm64' | 'x64', folder: string): TargetFacts {
  return {
    builder: ['--linux', `--${arch}`],
    platform: 'linux',
    arch,
    executable: 'elf',
    native: [`@img/sharp-linux-${arch}`, `@img/sharp-libvips-linux-${arch}`, `@fugood/node-whisper-linux-${arch}`],
    resources: `${folder}/resources`,
  };
}

function macFacts(arch: 'arm64' | 'x64', folder: string): TargetFacts {
  return {
    builder: ['--mac', `--${arch}`],
    platform: 'darwin',
    arch,
    executable: 'mach-o',
    native: [`@img/sharp-darwin-${arch}`, `@img/sharp-libvips-darwin-${arch}`, `@fugood/node-whisper-darwin-${arch}`],
    resources: `${folder}/RushCatalog Agent.app/Contents/Resources`,
  };
}

/** What a package is made of besides the build, as it is called on disk: Node becomes our executable, the others ship. */
export function vendorFiles(target: Target): readonly ('node' | 'ffmpeg' | 'ffprobe' | `${string}.exe`)[] {
  const ending = TARGET_FACTS[target].platform === 'win32' ? '.exe' : '';
  return ['node', 'ffmpeg', 'ffprobe'].map((name) => `${name}${ending}` as 'node');
}

/** Our executable, which `scripts/pack/runtime.ts` makes of the target's Node. */
export const runtimeName = (target: Target): string =>
  TARGET_FACTS[target].platform === 'win32' ? 'rushcatalog-agent.exe' : 'rushcatalog-agent';

/** The target of the machine this runs on, or null where nothing is packaged for it. */
export function ownTarget(): Target | null {
  const name = { linux: 'linux', win32: 'win', darwin: 'mac' }[process.platform as 'linux' | 'win32' | 'darwin'];
  return TARGETS.find((target) => target === `${name}-${process.arch}`) ?? null;
}

/** The first four bytes of a file, by which `executableKind` tells what it is. */
export function readHead(file: string): Buffer {
  const handle = openSync(file, 'r');
  try {
    const head = Buffer.alloc(4);
    return head.subarray(0, readSync(handle, head, 0, 4, 0));
  } finally {
    closeSync(handle);
  }
}

/** What kind of executable a file begins like, or null. */
export function executableKind(head: Buffer): TargetFacts['executable'] | null {
  if (head.subarray(0, 4).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46]))) return 'elf';
  if (head.subarray(0, 2).toString('latin1') === 'MZ') return 'pe';
  const magic = head.length >= 4 ? head.readUInt32BE(0) : 0;
  return [0xcffaedfe, 0xcafebabe, 0xfeedfacf].includes(magic) ? 'mach-o' : null;
}
