import { expect, it } from 'vitest';
import { checkModel } from './model.ts';

/** Of each seed; a history is some hundred requests. */
const HISTORIES = 2;

/**
 * What both sides draw anew each time, and nothing is put in order by: keys, tokens, uploads, references and the border
 * of a form. Named by the order in which they appear.
 */
const DRAWN =
  /(?!0{8}-)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b|"[\w-]{32}"|\n[\w-]{32}\r|undici-\d+/g;

async function historyOf(seed: number): Promise<readonly string[]> {
  const lines: string[] = [];
  const result = await checkModel({ runs: HISTORIES, seed, note: (line) => lines.push(line) });
  expect(result.kind, `seed ${seed}`).toBe('held');
  const names = new Map<string, string>();
  const nameOf = (drawn: string): string => {
    if (!names.has(drawn)) names.set(drawn, `#${names.size}`);
    return names.get(drawn) ?? '';
  };
  return lines.map((line) => line.replaceAll(DRAWN, (drawn) => nameOf(drawn.replaceAll(/["\s]/g, ''))));
}

async function isTheSame(seed: number): Promise<void> {
  const [first, second] = [await historyOf(seed), await historyOf(seed)];
  expect(first.length).toBeGreaterThan(1);
  const at = first.findIndex((line, index) => line !== second[index]);
  expect(at === -1 ? '' : `${at}: ${first[at]} / ${second[at]}`, `seed ${seed}`).toBe('');
  expect(second.length).toBe(first.length);
}

it.each([1, 2, 3])('seed %i is one history, whatever the machine does beside it', isTheSame);
it.each(Array.from({ length: 47 }, (_, index) => index + 4))('seed %i is one history', { tags: ['slow'] }, isTheSame);
