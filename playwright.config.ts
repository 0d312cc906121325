import { defineConfig } from '@playwright/test';
import { zoneOfNoon } from './test/support/zone-of-noon.ts';
import { CHROMIUM } from './test/support/chromium.ts';

// Agents in tests are not there to give way to the tests beside them: beside six busy processes they would stand still.
process.env['RUSHCATALOG_NICE'] = '0';
process.env['TZ'] = zoneOfNoon();

/** The page in real Chromium. `CHROMIUM_BIN` names another one than the system's. */
export default defineConfig({
  testDir: 'test/e2e',
  testMatch: '**/*.e2e.ts',
  // test/e2e/every.config.ts and slow.config.ts
  grepInvert: [/@every/, /@slow/],
  globalSetup: './test/support/build-once.ts',
  outputDir: 'test-results/e2e',
  reporter: [['list'], ['json', { outputFile: 'test-results/e2e.json' }]],
  // Pages wait for agents and timers: a third one uses the cores meanwhile.
  workers: 3,
  fullyParallel: true,
  // A hang, not slowness: beside six busy processes a second becomes ten.
  timeout: 900_000,
  expect: { timeout: 240_000 },
  use: {
    browserName: 'chromium',
    actionTimeout: 240_000,
    navigationTimeout: 240_000,
    viewport: { width: 1360, height: 860 },
    locale: 'en-GB',
    timezoneId: process.env['TZ'],
    launchOptions: {
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
      // As people have them: hidden, two beside each other are not seen.
      ignoreDefaultArgs: ['--hide-scrollbars'],
    },
  },
});
