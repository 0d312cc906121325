import { defineConfig } from 'vitest/config';

/** `npm run test:pack`: makes real packages, one after the other. */
export default defineConfig({
  test: {
    include: ['test/pack/**/*.pack.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 600_000,
  },
});
