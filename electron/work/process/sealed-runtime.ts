import { writeSync } from 'node:fs';
import { registerHooks, createRequire, syncBuiltinESMExports } from 'node:module';
import { extname, join, resolve, dirname } from 'node:path';
import { getAsset } from 'node:sea';
import { fileURLToPath, pathToFileURL } from 'node:url';
import threads, { isMainThread, type WorkerOptions } from 'node:worker_threads';
import { declareSealed, SealBrokenError, sealedFiles, type SealedFiles, type SealedList } from './sealed-files.ts';

/**
 * The script inside our own executable, on every system the same (docs/adr/0001): a Node that takes no option, no
 * variable of Node and no script from outside. It loads the build that lies beside it, of which it has the hashes, and
 * nothing else. Which of our programs it is says its first argument, `--role=NAME`; without one it is the command line.
 * Every thread of such a program begins here, too.
 */
interface Seal {
  /** Folder of the build, seen from the executable's. */
  readonly root: string;
  readonly files: SealedList;
}

/** Set for a thread by whoever starts it (below). */
const ENTRY = Symbol.for('rushcatalog.entry');
const START = 'rushcatalog:start';
const COMMAND_LINE = 'rushcatalog-agent';
const ROLES = ['media-worker', 'speech-engine', 'supervisor'];

// Written by scripts/pack/runtime.ts.
const { root, files: list } = JSON.parse(getAsset('seal.json', 'utf8')) as Seal;
const files = sealedFiles(resolve(dirname(process.execPath), root), list, endAtOnce);
declareSealed(files);
loadOnlySealed(files);
startThreadsHere();
if (isMainThread) begin(pathToFileURL(entryOf(role())).href);
else begin(String(Reflect.get(globalThis, ENTRY)));

/** Takes the role out of the arguments, so that every program finds its own where it always does. */
function role(): string {
  const named = /^--role=(.+)$/.exec(process.argv[2] ?? '')?.[1];
  if (named === undefined || !ROLES.includes(named)) return COMMAND_LINE;
  process.argv.splice(2, 1);
  return named;
}

/** @throws SealBrokenError where there is no build at all, which the loader would tell in its own words */
function entryOf(name: string): string {
  const path = join(files.root, 'out/node', `${name}.js`);
  files.check(path);
  return path;
}

/** No library may make something else of it: sharp looks for another add-on when one cannot be loaded. */
function endAtOnce(error: SealBrokenError): never {
  if (!isMainThread) throw error;
  writeSync(2, `[${error.code}] ${error.message}\n`);
  process.exit(2);
}

/** What is imported or required: the bytes that were compared are the ones that run. */
function loadOnlySealed(sealed: SealedFiles): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === START ? { url: START, format: 'commonjs', shortCircuit: true } : next(specifier, context),
    load(url, context, next) {
      if (url.startsWith('node:')) return next(url, context);
      if (url === START) {
        return { format: 'commonjs', source: 'module.exports = (url) => import(url);', shortCircuit: true };
      }
      if (!url.startsWith('file:')) endAtOnce(new SealBrokenError(url));
      const path = fileURLToPath(url);
      const owner = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/.exec(path)?.[0];
      // It says which file stands for which name.
      if (owner !== undefined) sealed.check(join(owner, 'package.json'));
      if (extname(path) === '.node') return next(url, context);
      return { format: context.format ?? formatOf(path), source: sealed.read(path), shortCircuit: true };
    },
  });
  const open = process.dlopen.bind(process);
  // The types leave out the third parameter, which only some callers have.
  process.dlopen = (...args: Parameters<typeof open>) => {
    sealed.checkAddon(args[1] as string); // the types say “unknown”
    return open(...args);
  };
}

const formatOf = (path: string): 'json' | 'module' | 'commonjs' =>
  (({ '.json': 'json', '.mjs': 'module' }) as const)[extname(path)] ?? 'commonjs';

/** A thread has its own loader, so it begins with this script, which was made into the executable as well. */
function startThreadsHere(): void {
  const { Worker } = threads;
  class SealedWorker extends Worker {
    constructor(script: string | URL, options: WorkerOptions = {}) {
      if (options.eval === true || !(script instanceof URL)) throw new SealBrokenError('a thread of a text');
      const entry = `globalThis[Symbol.for('rushcatalog.entry')] = ${JSON.stringify(script.href)};`;
      super(`${entry}\n${getAsset('runtime.cjs', 'utf8')}`, { ...options, eval: true });
    }
  }
  threads.Worker = SealedWorker;
  syncBuiltinESMExports();
}

function begin(entry: string): void {
  const start = createRequire(join(files.root, 'package.json'))(START) as (url: string) => Promise<unknown>; // above
  void start(entry);
}
