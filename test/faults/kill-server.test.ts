/** @module-tag slow */
import { describe, expect, it } from 'vitest';
import { NO_FFMPEG } from '../support/made-media.ts';
import { killServer } from './kill-server.ts';
import { randomOf } from './run-campaign.ts';

/** `npm run test:faults -- --only kill-server` kills it 50 times. */
const KILLS = 5;

describe.skipIf(NO_FFMPEG !== null)('kill -9 of the server', () => {
  it(`${KILLS} times at random moments: every job is done once`, async () => {
    const lane = await killServer.open({ lane: 0 });
    for (let kill = 0; kill < KILLS; kill += 1) await lane.run(kill, randomOf(99, killServer.name, kill));
    const { broken, counted } = await lane.close();
    console.info(`  ${KILLS} kills of the server: ${JSON.stringify(counted)}`);
    expect(broken).toEqual([]);
  });
});
