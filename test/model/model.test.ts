import { describe, expect, it } from 'vitest';
import { checkModel } from './model.ts';
import { MUTANTS, runMutant } from './mutants.ts';
import { first } from '../support/first.ts';

/** `npm run test:faults -- --only model` runs three hundred times as many. */
const RUNS = 30;
/** Each fault that is planted is noticed within this many. */
const RUNS_OF_MUTANT = 1_000;
const SEED = 12;

describe('agents, a server, the lines between them and their clocks, against the oracle', () => {
  it(`${RUNS} histories break no rule`, async () => {
    const result = await checkModel({ runs: RUNS, seed: SEED });
    expect(result).toEqual({ kind: 'held', runs: RUNS });
  });

  first(1).each(MUTANTS)('notices when $name', async (mutant) => {
    const result = await runMutant(mutant, { runs: RUNS_OF_MUTANT, seed: SEED });
    console.info(
      `  ${mutant.name}: ${result.kind === 'broken' ? `after ${result.runs} histories, ${result.rule}` : 'not noticed'}`,
    );
    expect(result.kind).toBe('broken');
    if (result.kind === 'broken') expect(mutant.noticedBy).toContain(result.rule.split(':')[0]);
  });
});
