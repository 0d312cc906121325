import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownSeal } from './sealed-files.ts';

/** Programs of ours that run in a Node of their own (architecture.md, "One runtime for everything that is not a window"). */
type NodeEntry = 'media-worker' | 'speech-engine' | 'supervisor';

/** Where each entry lies in the sources, seen from this file. */
const SOURCE_OF = {
  'media-worker': '../media-worker/media-worker.ts',
  'speech-engine': '../speech/speech-engine.ts',
  supervisor: './supervisor.ts',
} as const satisfies Record<NodeEntry, string>;

const OLDEST_NODE_MAJOR = 24;

interface NodePlaces {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Folder of what ships outside the ASAR; default: what Electron calls the resources path. */
  readonly resourcesPath?: string | undefined;
  /** This module's address; tests pass the address it has in a build. */
  readonly moduleUrl?: string;
}

/**
 * What to run, as `program` and first `args`, for one of our Node programs. In a package that is the package's own
 * executable in the role of that program; never Electron's, so that its RunAsNode fuse can stay off.
 * @throws Error with a sentence for a person when there is no Node ≥ 24.
 */
export function nodeProgram(
  entry: NodeEntry,
  places: NodePlaces = {},
): { readonly program: string; readonly args: readonly string[] } {
  const sealed = sealedRuntime(places);
  if (sealed !== null) return { program: sealed, args: [`--role=${entry}`] };
  return { program: nodeRuntime(places), args: [entryScript(entry, places.moduleUrl ?? import.meta.url)] };
}

/** The package's executable (sealed-runtime.ts): the one that we are, or the one beside Electron's resources. */
function sealedRuntime(places: NodePlaces): string | null {
  if (ownSeal() !== null) return process.execPath;
  const resources = places.resourcesPath ?? resourcesPathOfElectron();
  const name = process.platform === 'win32' ? 'rushcatalog-agent.exe' : 'rushcatalog-agent';
  const beside = resources === undefined ? null : join(resources, 'runtime', name);
  return beside !== null && existsSync(beside) ? beside : null;
}

/** Outside of a package: RUSHCATALOG_NODE → the npm package with the binary → the executable we run on. */
export function nodeRuntime(places: NodePlaces = {}): string {
  const chosen = (places.env ?? process.env)['RUSHCATALOG_NODE'];
  if (chosen) return chosen;
  const packaged = nodeFromPackage(places.moduleUrl ?? import.meta.url);
  if (packaged !== null) return packaged;
  const major = Number(process.versions.node.split('.')[0]);
  if (process.versions['electron'] === undefined && major >= OLDEST_NODE_MAJOR) return process.execPath;
  throw new Error(
    `No Node ${String(OLDEST_NODE_MAJOR)} was found beside the app; reinstall it, or name one in RUSHCATALOG_NODE.`,
  );
}

/** Electron sets `process.resourcesPath`; plain Node does not. */
function resourcesPathOfElectron(): string | undefined {
  const value: unknown = Reflect.get(process, 'resourcesPath');
  return typeof value === 'string' ? value : undefined;
}

function nodeFromPackage(moduleUrl: string): string | null {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  try {
    const folder = dirname(createRequire(moduleUrl).resolve(`${name}/package.json`));
    const path = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(path) ? path : null;
  } catch {
    return null;
  }
}

/**
 * From source the .ts file itself (Node strips the types). From a build the sibling in out/node: beside us, or one
 * folder over when we are part of out/main. A plain Node cannot read an ASAR, so the unpacked copy is meant.
 */
function entryScript(entry: NodeEntry, moduleUrl: string): string {
  if (moduleUrl.endsWith('.ts')) return fileURLToPath(new URL(SOURCE_OF[entry], moduleUrl));
  const here = fileURLToPath(new URL('.', moduleUrl)).replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked');
  const beside = join(here, `${entry}.js`);
  return existsSync(beside) ? beside : join(here, '..', 'node', `${entry}.js`);
}

/** What lies beside our programs in the sources, and in a build. */
const OWN_FOLDERS = ['electron', 'shared', 'out', 'node_modules', 'package.json'];

/** Files and folders our own Node programs are loaded from: what a sandbox has to let them read. */
export function ownPlaces(moduleUrl: string = import.meta.url): readonly string[] {
  const here = fileURLToPath(new URL('.', moduleUrl)).replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked');
  for (let folder = here; ; folder = dirname(folder)) {
    const found = OWN_FOLDERS.map((name) => join(folder, name)).filter((path) => existsSync(path));
    if (found.length > 1) return found;
    if (folder === dirname(folder)) return [here];
  }
}
