import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';

/** One import of one file: what it names, and whether it is gone after type stripping. */
export interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Project path → source text. Tests plant files of their own into a copy of it. */
export type Sources = ReadonlyMap<string, string>;

const SOURCE = /\.(ts|tsx|mjs)$/;

/** Reads all sources below the given folders of the project. */
export function readSources(root: string, folders: readonly string[]): Sources {
  const sources = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !SOURCE.test(entry.name) || entry.name.endsWith('.d.ts')) continue;
      const path = join(entry.parentPath, entry.name);
      sources.set(relative(root, path).replaceAll('\\', '/'), readFileSync(path, 'utf8'));
    }
  }
  return sources;
}

/** Static and dynamic imports, re-exports, `import('…').Type` and `require`; text in comments is left out. */
export function importsOf(source: string): Import[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
  const found: Import[] = [];
  for (const match of code.matchAll(/^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s*['"]([^'"]+)['"]/gm)) {
    found.push({ specifier: match[2] ?? '', typeOnly: match[1] !== undefined });
  }
  for (const match of code.matchAll(/^\s*import\s+['"]([^'"]+)['"]/gm)) {
    found.push({ specifier: match[1] ?? '', typeOnly: false });
  }
  for (const match of code.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]/g)) {
    found.push({ specifier: match[1] ?? '', typeOnly: false });
  }
  return found;
}

/** The project path an import leads to, or null for a package. */
export function resolveImport(from: string, specifier: string): string | null {
  return specifier.startsWith('.') ? posix.normalize(posix.join(dirname(from), specifier)) : null;
}

/** Cycles of imports that exist at run time, each named by its files in order. */
export function findCycles(sources: Sources): string[] {
  const edges = new Map<string, string[]>();
  for (const [path, text] of sources) {
    const targets = importsOf(text)
      .filter(({ typeOnly }) => !typeOnly)
      .map(({ specifier }) => resolveImport(path, specifier))
      .filter((target): target is string => target !== null && sources.has(target));
    edges.set(path, targets);
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (done.has(path)) return;
    const start = trail.indexOf(path);
    if (start !== -1) {
      cycles.push([...trail.slice(start), path].join(' → '));
      return;
    }
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}
