import { defineConfig } from 'vitest/config';
import { PATIENCE_MS } from './test/support/children/alive.ts';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Minutes each: begun last they would run alone on one core, while nothing is left for the other. */
const LONGEST = [
  'media/photo',
  'media/thumb',
  'agent/reactions',
  'policy/network',
  'speech/transcribe',
  'media/matrix',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return at === -1 ? LONGEST.length : at;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    exclude: ['test/e2e/**', 'node_modules/**'],
    // Tests that start the command line start what ships; built once, before the workers.
    globalSetup: ['./test/support/build-once.ts', './test/support/postgres-run.ts'],
    environment: 'node',
    // `npm test` leaves them to `npm run test:slow`; a file that is run by its name runs whole.
    tags: [{ name: 'slow', description: 'takes long, and repeats a campaign or a slice that npm test has' }],
    pool: 'forks',
    // Half a second of processor time for each file; what a test changes in its process it puts back itself.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // Many tests wait for a lease, a share or a child: more workers than two cores use them meanwhile.
    maxWorkers: 5,
    // Agents in tests are not there to give way to the tests beside them.
    env: { RUSHCATALOG_NICE: '0' },
    // A hang, not slowness: beside six busy processes a second becomes ten.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: PATIENCE_MS } },
  },
});
