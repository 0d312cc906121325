import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { format, resolveConfig } from 'prettier';
import type { Campaign, RunResult } from './campaign.ts';
import { openState } from './campaign-state.ts';
import { printedTable, sumOf, withFigures } from './campaign-table.ts';
import { CAMPAIGNS } from './campaigns.ts';
import { runCampaign } from './run-campaign.ts';

const PAGE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));
const STATE = fileURLToPath(new URL('../../out/faults-state', import.meta.url));

interface Options {
  readonly only?: string[];
  readonly runs?: number;
  readonly run?: number;
  readonly seed: number;
  readonly minutes?: number;
  readonly lanes?: number;
  readonly state: string;
  readonly fresh: boolean;
  readonly write: boolean;
}

const whole = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It takes a whole number.');
  return Number(text);
};

const program = new Command('test:faults')
  .description('Breaks agents, servers, networks, clocks and disks for hours, and counts what held.')
  .addOption(new Option('--only <campaign...>', 'these campaigns only').choices(CAMPAIGNS.map(({ name }) => name)))
  .option('--runs <n>', 'runs of each, instead of a full campaign', whole)
  .option('--run <n>', 'replays one run by its number', whole)
  .option('--seed <n>', 'where every random number comes from', whole, 12)
  .option('--minutes <n>', 'no run of a campaign begins after this long', whole)
  .option('--lanes <n>', 'runs side by side', whole)
  .option('--state <folder>', 'what was run already; a broken-off campaign goes on there', STATE)
  .option('--fresh', 'forgets what was run before', false)
  .option('--write', 'writes the figures into docs/reliability.md', false);

/** The first signal lets the runs under way end, so that no agent is left behind; the second one ends everything. */
const stopped = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (stopped.signal.aborted) process.exit(130);
    console.log('Stopping after the runs under way; the same command goes on from here.');
    stopped.abort();
  });
}

/** Runs one campaign as far as it was not run before. */
async function goOn(campaign: Campaign, options: Options, state: ReturnType<typeof openState>): Promise<void> {
  const { seed } = options;
  const lacks = campaign.lacks?.() ?? null;
  if (lacks !== null) {
    console.log(`${campaign.name}: skipped, ${lacks}`);
    return;
  }
  const all =
    options.run === undefined ? Array.from({ length: options.runs ?? campaign.runs }, (_, n) => n) : [options.run];
  const known = options.fresh || options.run !== undefined ? {} : state.of(campaign.name, seed).runs;
  const runs = all.filter((run) => known[String(run)] === undefined);
  if (runs.length === 0) return;
  console.log(`${campaign.name}: ${runs.length} runs, seed ${seed}`);
  const begun = performance.now();
  const onRun = (run: string, result: RunResult): void => {
    if (options.run === undefined) state.note(campaign.name, seed, run, result);
    for (const rule of result.broken) console.log(`  run ${run}: ${rule}`);
    if (options.run !== undefined) console.log(JSON.stringify(result, null, 1));
  };
  const limitMs = (options.minutes ?? campaign.minutes) * 60_000;
  const lanes = options.lanes === undefined ? {} : { lanes: options.lanes };
  await runCampaign(campaign, { seed, runs, limitMs, onRun, signal: stopped.signal, ...lanes });
  if (options.run === undefined) state.addTime(campaign.name, (performance.now() - begun) / 1_000);
}

async function main(): Promise<number> {
  const options = program.parse().opts<Options>();
  const wanted = CAMPAIGNS.filter(({ name }) => options.only?.includes(name) ?? true);
  const state = openState(options.state);
  if (options.fresh) for (const { name } of wanted) state.forget(name);
  for (const campaign of wanted) if (!stopped.signal.aborted) await goOn(campaign, options, state);
  const sums = wanted.flatMap((campaign) => {
    const kept = state.all()[campaign.name];
    return kept === undefined ? [] : [sumOf(campaign, kept)];
  });
  console.log(`\n${printedTable(sums)}\n`);
  for (const { name, figures } of sums) console.log(`${name}: ${figures}`);
  if (options.write) {
    const page = withFigures(readFileSync(PAGE, 'utf8'), CAMPAIGNS, state.all());
    writeFileSync(PAGE, await format(page, { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
  }
  return sums.every(({ broken }) => broken === 0) ? 0 : 1;
}

process.exitCode = await main();
