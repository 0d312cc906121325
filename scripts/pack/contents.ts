/**
 * Which files of which npm package a shipped app needs. Everything that the build could bundle is in out/; these are
 * the packages that locate files beside themselves (vite.config.ts, `unbundled`). A list of what is wanted, not of
 * what is not: sources, tests and other platforms' binaries cannot slip in.
 */
export interface ShippedPackage {
  readonly name: string;
  /** Files and folders, relative to the package; package.json and the licence come always. */
  readonly parts: readonly string[];
}

export const SHIPPED_PACKAGES: readonly ShippedPackage[] = [
  { name: 'sharp', parts: ['dist'] },
  { name: '@img/colour', parts: ['color.cjs', 'index.cjs'] },
  { name: 'detect-libc', parts: ['lib'] },
  {
    name: 'semver',
    parts: ['classes', 'functions', 'internal', 'ranges', 'index.js', 'preload.js', 'range.bnf'],
  },
  { name: 'libheif-js', parts: ['wasm-bundle.js', 'libheif-wasm/libheif-bundle.js'] },
  { name: 'mediainfo.js', parts: ['dist/esm', 'dist/cjs', 'dist/MediaInfoModule.wasm'] },
  { name: 'systeminformation', parts: ['lib'] },
];

/** Leaves out what no program reads, and the HEIC library's second copies. */
export const NEVER_SHIPPED =
  /(^|\/)(tests?|__tests__|docs?|examples?|\.github)(\/|$)|\.(map|ts|mts|cts|flow|md|cc|gyp|c|h|cpp)$/i;
/** A licence is wanted however it is called. */
export const LICENCE_FILE = /^(licen[cs]e|copying|notice|third-party)/i;
