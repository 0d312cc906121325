// npm run bench:fleet: a fleet of agents against a studio's server, and an audit of its tables.
import { fleetOptions, HELP } from './options.ts';
import { barsOf, describeFleet } from './report.ts';
import { runFleet } from './run.ts';

const options = fleetOptions(process.argv.slice(2));
if (options === 'help') {
  console.log(HELP);
} else {
  const report = await runFleet(options, (line) => console.log(`… ${line}`));
  const bars = barsOf(options, report);
  console.log(describeFleet(options, report, bars));
  process.exitCode = bars.every(({ held }) => held) ? 0 : 1;
}
