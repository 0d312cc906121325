import { injectFaults } from './faults.ts';
import { NO_STRACE } from './traced-agent.ts';

/** npm run test:hostile-faults: 100 injected faults. Ends with code 1 when one of them became a false success. */
if (NO_STRACE !== null) {
  console.error(`Nothing was injected: ${NO_STRACE}.`);
  process.exit(1);
}
const runs = await injectFaults({ readErrors: 40, truncations: 30, flips: 30 }, ({ fault, outcome }) => {
  console.log(`  ${fault.padEnd(40)} ${outcome}`);
});
const counts: Record<string, number> = {};
for (const { outcome } of runs) counts[outcome] = (counts[outcome] ?? 0) + 1;
const wrong = runs.filter(({ outcome }) => /FALSE|UNTYPED/.test(outcome));
console.log(`\n${runs.length} injected faults:`, counts, `${wrong.length} false successes`);
process.exit(wrong.length === 0 ? 0 : 1);
