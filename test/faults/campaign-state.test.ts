import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openState } from './campaign-state.ts';
import { figuresOf, sumOf } from './campaign-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'rc-campaign-state-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('what was run already', () => {
  it('is found again, with what never happened, and another campaign leaves it alone', () => {
    const [mine, other] = [openState(folder), openState(folder)];
    mine.note('kill', 12, '0', { broken: ['no child lives'], highest: { 'gone after ms': Number.POSITIVE_INFINITY } });
    other.note('leak', 12, '0', { broken: [], counted: { jobs: 50 } });
    mine.note('kill', 12, '1', { broken: [], highest: { 'gone after ms': 3 } });
    mine.addTime('kill', 4);
    const kept = openState(folder).all();
    expect(Object.keys(kept).toSorted()).toEqual(['kill', 'leak']);
    const kill = kept['kill'] ?? expect.fail('it is not kept');
    expect(figuresOf(kill)).toBe('gone after ms ≤ Infinity');
    expect(sumOf({ name: 'kill' }, kill)).toMatchObject({ runs: 2, held: 1, broken: 1, seconds: 4 });
  });

  it('of another seed is run anew', () => {
    expect(openState(folder).of('kill', 13).runs).toEqual({});
  });
});
