import base from '../../playwright.config.ts';

/** Also what `npm test` leaves out: the two other pairs of theme and language. */
export default {
  ...base,
  testDir: '.',
  globalSetup: '../support/build-once.ts',
  outputDir: '../../test-results/accessibility',
  reporter: [['list'] as const],
  testMatch: ['accessibility.e2e.ts', 'console.e2e.ts', 'results-more.e2e.ts'],
  grepInvert: [],
};
