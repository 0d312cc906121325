import { join } from 'node:path';
import { Command, Option } from 'commander';
import { agree, CACHE, fail, whyNoSuites } from '../../scripts/debian-suites.mjs';
import { openDesk } from './desk.ts';
import { GROUPS } from './groups.ts';
import { layOutParts, missingParts, versions } from './suite.ts';
import { createTables } from './table.ts';

/**
 * npm run test:windows: the built command line as a Windows program, in Wine. What it shows is Wine's word, not that of
 * Windows (docs/windows.md). Ends with code 1 when anything that was to hold did not.
 */
interface Options {
  readonly only?: readonly string[];
  readonly layOut: boolean;
}

const program = new Command('test:windows')
  .description('Runs the built command line in Wine: jobs, names, locks, policy, ends and kills.')
  .addOption(new Option('--only <group...>', 'these groups only').choices(GROUPS.map(({ name }) => name)))
  .option('--lay-out', 'lays out what it runs on and ends', false)
  .option('--yes', 'lays out without asking', false)
  .addHelpText('after', `\nGroups:\n${GROUPS.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join('\n')}`);

async function main(): Promise<number> {
  const options = program.parse().opts<Options>();
  const why = whyNoSuites();
  if (why !== null) fail(`${why}.`);
  if (process.getuid?.() !== 0) fail('Only root can enter a suite; run it with sudo.');
  const missing = missingParts();
  if (missing.length > 0) {
    await agree(`${missing.join('; ')}, into ${join(CACHE, 'windows')}`);
    layOutParts();
  }
  if (options.layOut) return 0;
  const wanted = GROUPS.filter(({ name }) => options.only?.includes(name) ?? true);
  const { wine, node, ffmpeg } = versions();
  console.log(`${wine}, Node ${node} for Windows, ffmpeg ${ffmpeg}`);
  const tables = createTables(console.log);
  const desk = await openDesk();
  const stop = (): void => {
    void desk.close().then(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    for (const group of wanted) {
      const begun = performance.now();
      console.log(`\n${group.name}: ${group.about}`);
      await group.run(tables.of(group.name), desk);
      console.log(`         ${((performance.now() - begun) / 1_000).toFixed(0)} s`);
    }
  } finally {
    await desk.close();
  }
  console.log(`\n${tables.sum().join('\n')}`);
  return tables.broken === 0 ? 0 : 1;
}

process.exitCode = await main();
