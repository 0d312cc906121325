import { Command } from 'commander';
import { checkModel } from './model.ts';

/** `node test/model/main.ts --runs 1000`: the model by itself; exit code 1 when a history broke a rule. */
const program = new Command('model')
  .option('--runs <n>', 'histories', Number, 1_000)
  .option('--seed <n>', 'where the histories come from', Number, 12)
  .option('--path <path>', 'of a counterexample: replays it alone')
  .option('--shrink', 'look for the shortest counterexample', false)
  .parse();
const { runs, seed, path, shrink } = program.opts<{ runs: number; seed: number; path?: string; shrink: boolean }>();
const begun = performance.now();
const result = await checkModel({ runs, seed, shrink, ...(path === undefined ? {} : { path }) });
process.stdout.write(`${JSON.stringify({ ...result, seconds: (performance.now() - begun) / 1_000 }, null, 1)}\n`);
process.exitCode = result.kind === 'held' ? 0 : 1;
