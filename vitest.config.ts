import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    exclude: ['test/e2e/**', 'node_modules/**'],
    // Tests that start the command line start what ships; built once, before the workers.
    globalSetup: './test/support/build-once.ts',
    environment: 'node',
    pool: 'forks',
    // Many tests wait for a lease, a share or a child: a third worker uses the cores meanwhile.
    maxWorkers: 3,
    // Agents in tests are not there to give way to the tests beside them.
    env: { RUSHCATALOG_NICE: '0' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
