import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LICENCE_FILE, NEVER_SHIPPED, SHIPPED_PACKAGES } from './contents.ts';
import { TARGET_FACTS, type Target } from './targets.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** electron-builder.yml reads the same name. */
export const VENDOR = process.env['RUSHCATALOG_VENDOR'] ?? join(ROOT, 'vendor');

export interface Staged {
  /** The folder that electron-builder packs. */
  readonly folder: string;
  /** Native packages of the target that npm did not install on this machine. */
  readonly absent: readonly string[];
}

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly [field: string]: unknown;
}

const readPackage = (folder: string): PackageJson =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson;

/**
 * Puts together what ships: the build without source maps, and of each package the files its code reads. `modules` is
 * where packages are looked up first (npm's folder for another platform, made with `npm install --os --cpu`).
 */
export function stage(
  target: Target,
  folder: string,
  { modules = join(ROOT, 'node_modules'), version }: { readonly modules?: string; readonly version?: string } = {},
): Staged {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ['main', 'preload', 'renderer', 'console', 'node']) {
    const from = join(ROOT, 'out', part);
    if (!existsSync(from)) throw new Error(`out/${part} is not built; run npm run build first.`);
    cpSync(from, join(folder, 'out', part), { recursive: true, filter: (path) => !path.endsWith('.map') });
  }
  const { native } = TARGET_FACTS[target];
  const absent = native.filter((name) => !existsSync(join(modules, name, 'package.json')));
  const present = native.filter((name) => !absent.includes(name)).map((name) => ({ name, parts: ['.'] }));
  const dependencies: Record<string, string> = {};
  for (const { name, parts } of [...SHIPPED_PACKAGES, ...present]) {
    const installed = copyPackage(name, parts, folder, modules);
    if (name === OF_ELECTRON) dependencies[name] = installed;
  }
  writeJson(join(folder, 'package.json'), { ...shippedManifest(version), dependencies });
  return { folder, absent };
}

const writeJson = (file: string, value: unknown): void => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

/** The only package that Electron's own process loads: electron-builder puts what the manifest names into the ASAR. */
const OF_ELECTRON = 'systeminformation';

/** Without scripts: nothing is installed from it any more. */
function shippedManifest(given?: string): PackageJson {
  const { name, description, license, type, main, ...rest } = readPackage(ROOT);
  const version = given ?? rest.version;
  const author = { name: 'RushCatalog', email: 'support@rushcatalog.example' };
  return { name, version, description, license, type, main, author, homepage: 'https://rushcatalog.example' };
}

/** What is looked up in a package at run time; its own dependencies are all named by the app (SHIPPED_PACKAGES). */
const KEPT_FIELDS = ['name', 'version', 'license', 'type', 'main', 'module', 'exports', 'config', 'os', 'cpu', 'libc'];

function writeShortManifest(from: string, to: string): string {
  const full = readPackage(from);
  writeJson(
    join(to, 'package.json'),
    Object.fromEntries(Object.entries(full).filter(([field]) => KEPT_FIELDS.includes(field))),
  );
  return full.version;
}

/** Answers the package's version. */
function copyPackage(name: string, parts: readonly string[], folder: string, modules: string): string {
  const from = [modules, join(ROOT, 'node_modules')].map((place) => join(place, name)).find((path) => existsSync(path));
  if (from === undefined) throw new Error(`The package ${name} is not installed; run npm ci first.`);
  const to = join(folder, 'node_modules', name);
  const wanted = (path: string): boolean => {
    const inside = relative(from, path).replaceAll('\\', '/');
    return inside === '' || (!NEVER_SHIPPED.test(inside) && !inside.startsWith('node_modules'));
  };
  mkdirSync(to, { recursive: true });
  for (const part of parts)
    cpSync(join(from, part), join(to, part), { recursive: true, dereference: true, filter: wanted });
  for (const file of readdirSync(from)) {
    if (LICENCE_FILE.test(file) && statSync(join(from, file)).isFile()) cpSync(join(from, file), join(to, file));
  }
  return writeShortManifest(from, to);
}

export interface ListedFile {
  /** With forward slashes, relative to the folder. */
  readonly path: string;
  readonly bytes: number;
}

/** Every file below `folder`, sorted. */
export function listFiles(folder: string): ListedFile[] {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return found
    .map((path) => ({ path: relative(folder, path).replaceAll('\\', '/'), bytes: statSync(path).size }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The folder of a target's tools, as `npm run vendor` fills it. */
export const vendorFolder = (target: Target): string => join(VENDOR, target);

/** Makes a file's folder, too. */
export function writeInto(file: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content, { mode });
}
