import { describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { readSources, type Sources } from './support/import-graph.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What `npm test` runs. */
const TESTS = /(?:\.test\.tsx?|\.e2e\.ts)$/;
const sources: Sources = new Map([...readSources(root, ['test'])].filter(([path]) => TESTS.test(path)));

/** An end of its own must be no tighter than this: a second of a quiet machine is ten beside others. */
const GENEROUS_MS = 100_000;

const RULES: Readonly<Record<string, (line: string) => boolean>> = {
  'it takes the time': (line) =>
    /\bperformance\.now\(|\bhrtime\b|\bconsole\.time|Date\.now\(\)\s*-\s*[a-z]|[\w)]\s*-\s*Date\.now\(\)|(?:At|begun|before|start\w*) = Date\.now\(\)/.test(
      line,
    ),
  'it judges a duration': (line) => /\b(?:wallMs|tookMs|elapsedMs)\)\s*\.(?:not\.)?toBe(?:Less|Greater)/.test(line),
  'it has a tight end of its own': (line) =>
    [...line.matchAll(/\btimeout: ([\d_]+)|^\}?\s*\}, ([\d_]+)\);$|\bsetTimeout\(([\d_]+)\);$/g)].some((match) => {
      const ms = Number((match[1] ?? match[2] ?? match[3] ?? '').replaceAll('_', ''));
      return ms >= 1_000 && ms < GENEROUS_MS;
    }),
};

/** Lines that may all the same, and why. */
const ALLOWED: Readonly<Record<string, string>> = {
  'test/e2e/results-load.e2e.ts: it takes the time':
    'judged by `npm run test:results-load` alone; the rest is the processor time of the page beside a yardstick',
  'test/gateway/derived-compressed.test.ts: it takes the time': 'the clock that is handed over',
  'test/speech/models.test.ts: it takes the time': 'the clock that is handed over',
  'test/architecture.test.ts: it takes the time': 'planted there',
};

const timed = (all: Sources): string[] =>
  [...all].flatMap(([path, text]) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        Object.entries(RULES).flatMap(([rule, breaks]) =>
          breaks(line) && ALLOWED[`${path}: ${rule}`] === undefined ? [`${path}:${index + 1}: ${rule}`] : [],
        ),
      ),
  );

describe('tests that `npm test` runs', () => {
  it('are looked at', () => {
    expect(sources.size).toBeGreaterThan(150);
  });

  it('measure no time: milliseconds are for `npm run bench` and `npm run test:faults`', () => {
    expect(timed(new Map([...sources].filter(([path]) => path !== 'test/untimed.test.ts')))).toEqual([]);
  });

  it.each([
    '  const begun = performance.now();',
    '  const clickedAt = Date.now();',
    '  expect(Date.now() - clickedAt).toBeLessThan(6_000);',
    '  const left = Date.parse(until) - Date.now();',
    '    expect(result.wallMs).toBeLessThan(20_000);',
    "  it('ends', { timeout: 30_000 }, async () => {",
    '}, 30_000);',
    '  }, 60_000);',
    'test.setTimeout(90_000);',
    "  await expect(status).toContainText('No contact', { timeout: 3000 });",
  ])('would be found out by a planted %s', (line) => {
    expect(timed(new Map([['test/planted.test.ts', line]]))).toHaveLength(1);
  });

  it.each([
    'const then = Date.now() - 3 * 86_400_000;',
    '  const now = Date.now();',
    "  it('takes long', { timeout: 300_000 }, async () => {",
    '      }, 20);',
  ])('may contain %s', (line) => {
    expect(timed(new Map([['test/planted.test.ts', line]]))).toEqual([]);
  });
});
