import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Campaign } from './campaign.ts';
import { openState } from './campaign-state.ts';
import { figuresOf, sumOf, withFigures } from './campaign-table.ts';

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
    const state = openState(folder);
    expect(state.of('kill', 13).runs).toEqual({});
    // Looking is not running: the page keeps the figures of what ran.
    state.of('network', 12);
    expect(Object.keys(state.all()).toSorted()).toEqual(['kill', 'leak']);
    expect(state.of('kill', 12).runs).toHaveProperty('1');
  });
});

describe('the page with the figures', () => {
  it('takes the row of what was run here, and leaves the others as they were', () => {
    const campaign = (name: string): Campaign => ({ name, proves: `${name} holds`, runs: 2 }) as unknown as Campaign;
    const kept = { seed: 12, at: '2026-11-26T10:00:00Z', seconds: 61, runs: { 0: { broken: [] }, 1: { broken: [] } } };
    const first = withFigures(PAGE, [campaign('leak'), campaign('network')], { leak: kept, network: kept });
    expect(first).toContain('| leak | leak holds | 2 | 2 | 0 | 1 min 01 s | 2026-11-26 | 12 |  |');
    const again = withFigures(first, [campaign('leak'), campaign('network')], {
      leak: { ...kept, runs: { 0: { broken: ['memory'] } } },
    });
    expect(again).toContain('| leak | leak holds | 1 of 2 | 0 | 1 | 1 min 01 s | 2026-11-26 | 12 |  |');
    expect(again).toContain('| network | network holds | 2 | 2 | 0 | 1 min 01 s | 2026-11-26 | 12 |  |');
    expect(again.startsWith('before\n') && again.endsWith('\nafter')).toBe(true);
  });
});

const PAGE = `before
<!-- figures: written by npm run test:faults -- --write -->
<!-- end of figures -->
after`;
