import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readSources, type Sources } from './support/import-graph.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = ['shared', 'web', 'electron', 'server', 'renderer'];
const EXPORTED = /^export (?:async function\*?|function\*?|const|interface|type|abstract class|class) ([\w$]+)/gm;

/** Exports whose name stands in no other file, as `path: name`. What is exported for nobody reads as if somebody needed it. */
function exportedForNobody(sources: Sources, readers: Sources): string[] {
  const places = new Map<string, Set<string>>();
  for (const [path, text] of [...sources, ...readers]) {
    for (const [word] of text.matchAll(/[A-Za-z_$][\w$]*/g)) {
      const known = places.get(word);
      if (known === undefined) places.set(word, new Set([path]));
      else known.add(path);
    }
  }
  return [...sources].flatMap(([path, text]) =>
    [...text.matchAll(EXPORTED)].flatMap(([, name = '']) => (places.get(name)?.size === 1 ? [`${path}: ${name}`] : [])),
  );
}

it('exports nothing that nobody imports', () => {
  expect(exportedForNobody(readSources(root, SOURCES), readSources(root, ['test', 'scripts']))).toEqual([]);
});

it('notices a planted one', () => {
  const sources = new Map([
    ['shared/a.ts', 'export const used = 1;\nexport const lonely = 2;\n'],
    ['shared/b.ts', "import { used } from './a.ts';\n"],
  ]);
  expect(exportedForNobody(sources, new Map())).toEqual(['shared/a.ts: lonely']);
});
