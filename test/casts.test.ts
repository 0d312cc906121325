import { expect, it } from 'vitest';
import { readSources } from './support/import-graph.ts';

/** A cast overrules the compiler; `as const`, `as unknown` and names of imports do not. */
const CAST = /[\w)\]}] as (?:readonly |unknown as|keyof |typeof |[A-Z{[(])/;
const COMMENT = /\/\/|\/\*|\*\//;
/** So far above a cast its reason may stand: before the statement that it is in. */
const LINES_ABOVE = 3;

/** Casts that nobody explained, as `file:line`. */
function unexplained(sources: ReadonlyMap<string, string>): string[] {
  return [...sources].flatMap(([path, text]) => {
    const lines = text.split('\n');
    return lines.flatMap((line, at) => {
      const isCast =
        CAST.test(line.replace(/\/\^.*\$\/|\/\/.*$|'[^']*'|`[^`]*`/g, '')) &&
        !/^\s*(?:\*|import\b|export \{|type \w+ as)/.test(line);
      const explained = lines.slice(Math.max(0, at - LINES_ABOVE), at + 1).some((near) => COMMENT.test(near));
      return isCast && !explained ? [`${path}:${at + 1}: ${line.trim()}`] : [];
    });
  });
}

it('overrules the compiler with a reason beside it', () => {
  const root = new URL('..', import.meta.url).pathname;
  expect(unexplained(readSources(root, ['electron', 'server', 'shared', 'web', 'renderer']))).toEqual([]);
});

it('notices a planted one', () => {
  const lines = ['const a = b as unknown as C;', '', '', '', 'const d = e as const;', 'const f = g as F; // it is one'];
  expect(unexplained(new Map([['shared/a.ts', lines.join('\n')]]))).toEqual([`shared/a.ts:1: ${lines[0]}`]);
});
