import base from '../../playwright.config.ts';

/** `npm run test:slow`: page tests that are tagged with it. */
export default {
  ...base,
  testDir: '.',
  globalSetup: '../support/build-once.ts',
  outputDir: '../../test-results/e2e',
  reporter: [['list'] as const, ['json', { outputFile: '../../test-results/e2e.json' }] as const],
  grep: /@slow/,
  grepInvert: [/@every/],
};
