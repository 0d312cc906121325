import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Beside the other builds: a program looks for what it needs as many folders above itself. */
const FOLDER = join(root, 'out');
const SOURCES = ['shared', 'server', 'electron', 'package-lock.json', 'vite.config.ts'];
/** A build that nobody began anew for so long is of sources that are gone. */
const KEPT_MS = 24 * 3_600_000;

/**
 * Builds the command line with its crash points left in: it starts four times as fast as from the sources. Answers the
 * folder. It is named after the sources, so that a campaign that begins never changes the program under one that runs.
 */
export async function ensureFaultBuild(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of SOURCES) addTo(hash, join(root, name));
  const folder = join(FOLDER, `faults-build-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(FOLDER, { recursive: true });
  for (const name of readdirSync(FOLDER).filter((entry) => entry.startsWith('faults-build-'))) {
    const path = join(FOLDER, name);
    if (Date.now() - statSync(path).mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
  const making = mkdtempSync(join(FOLDER, 'faults-build-'));
  await build(making);
  try {
    renameSync(making, folder);
  } catch (error) {
    rmSync(making, { recursive: true });
    // Somebody else was quicker with the very same sources.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

async function build(outDir: string): Promise<void> {
  const { createBuilder } = await import('vite');
  const builder = await createBuilder({
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'warn',
    environments: { node: { define: { __CRASH_POINTS__: 'true' }, build: { outDir } } },
  });
  const environment = builder.environments['node'];
  if (environment === undefined) throw new Error('The build has no environment for node any more');
  await builder.build(environment);
}

function addTo(hash: ReturnType<typeof createHash>, path: string): void {
  if (statSync(path).isDirectory()) {
    for (const name of readdirSync(path).toSorted()) addTo(hash, join(path, name));
    return;
  }
  hash.update(path).update('\0').update(readFileSync(path)).update('\0');
}
