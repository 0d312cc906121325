import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What is in the repository, and what is about to be. */
const tree = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
  .toString()
  .split('\n')
  .filter((path) => path !== '');
const known = new Set(tree);

/** A path or a bare name of a source or a document, as prose names it. */
const NAMED = /(?<![\w/.*@{}$%<>-])((?:\.{1,2}\/)*(?:[\w-]+\/)*[\w-]+(?:\.[\w-]+)*\.(?:ts|tsx|mts|mjs|md))(?![\w/*-])/g;
/** Comments of a source; strings may name what a test plants. */
const COMMENT = /\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm;

/** Files of packages, and this test's own made-up names. */
const ELSEWHERE = /(?:^|\/)(?:electron\.d\.ts|LICENSE\.md)$/;
const OWN = 'test/named-files.test.ts';

/** Whether a file stands for this name: from the root, beside who names it, or as the end of a path. */
function resolves(name: string, from: string): boolean {
  const places = [name, normalize(join(dirname(from), name))];
  if (places.some((path) => known.has(path))) return true;
  const end = `/${name.replace(/^(?:\.{1,2}\/)+/, '')}`;
  return tree.some((path) => `/${path}`.endsWith(end));
}

function unknownIn(path: string, text: string): string[] {
  const prose = path.endsWith('.md') ? [text] : (text.match(COMMENT) ?? []);
  return prose
    .flatMap((part) => [...part.matchAll(NAMED)].map(([, name = '']) => name))
    .filter((name) => !ELSEWHERE.test(name) && !resolves(name, path))
    .map((name) => `${path}: ${name}`);
}

const sources = tree.filter((path) => /\.(?:tsx?|mts|mjs|md)$/.test(path) && path !== OWN);

describe('what a comment or a document names', () => {
  it('is in the tree', () => {
    const texts = sources.map((path) => [path, readFileSync(join(root, path), 'utf8')] as const);
    const named = texts.flatMap(([, text]) => [...text.matchAll(NAMED)]);
    expect(named.length).toBeGreaterThan(300);
    expect(texts.flatMap(([path, text]) => unknownIn(path, text))).toEqual([]);
  });

  it('is missed where it is not', () => {
    expect(unknownIn('server/a.ts', '/** As gone.md says, and protocol.md. */')).toEqual(['server/a.ts: gone.md']);
    expect(unknownIn('server/a.ts', "const name = 'gone.ts'; // see ./nowhere.ts")).toEqual([
      'server/a.ts: ./nowhere.ts',
    ]);
    expect(unknownIn('docs/a.md', '[x](adr/9999-never.md), `electron/agent/agent.ts`')).toEqual([
      'docs/a.md: adr/9999-never.md',
    ]);
  });

  it('has its section where a comment names one', () => {
    // “media.md, Encoders”, “protocol.md, "Job"”, “architecture.md, Data flow 4”.
    const cited = /\b(protocol|media|reliability|architecture|ux)\.md,? (?:"([^"\n]+)"|([A-Z][A-Za-z-]*(?: [a-z]+)*))/g;
    const sections = sources
      .filter((path) => !path.endsWith('.md'))
      .flatMap((path) => [...readFileSync(join(root, path), 'utf8').matchAll(cited)].map((found) => ({ path, found })));
    expect(sections.length).toBeGreaterThan(40);
    const missing = sections.filter(({ found: [, document = '', quoted, plain] }) => {
      const text = readFileSync(join(root, `docs/${document}.md`), 'utf8');
      return !text.toLowerCase().includes((quoted ?? plain ?? '').toLowerCase());
    });
    expect(missing.map(({ path, found: [whole] }) => `${path}: ${whole}`)).toEqual([]);
  });
});

describe('the map of the house', () => {
  it('names every top folder and every folder of electron/', () => {
    const map = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    const inGit = (folder: string): boolean => tree.some((path) => path.startsWith(`${folder}/`));
    const folders = [
      ...readdirSync(root).filter((name) => !name.startsWith('.') && inGit(name)),
      ...readdirSync(join(root, 'electron')).map((name) => `electron/${name}`),
    ].filter(inGit);
    expect(folders.length).toBeGreaterThan(10);
    expect(folders.filter((name) => name !== 'electron' && !map.includes(`| \`${name}/\``))).toEqual([]);
  });
});
