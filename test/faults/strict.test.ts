import { expect, it } from 'vitest';
import { NO_FFMPEG } from '../support/made-media.ts';
import { randomOf } from './run-campaign.ts';
import { strictOf } from './strict.ts';

/** `npm run test:faults -- --only strict` takes 200, and looks at the time between two polls, too. */
const JOBS = 6;

it.skipIf(NO_FFMPEG !== null)(
  `${JOBS} jobs, two agents, a strict server: each ends, no claim beyond what is allowed`,
  { timeout: 900_000 },
  async () => {
    const campaign = strictOf(JOBS);
    const lane = await campaign.open({ lane: 0 });
    const run = await lane.run(0, randomOf(12, campaign.name, 0));
    const end = await lane.close();
    console.info(`  ${JSON.stringify(end.counted)}`);
    expect([...run.broken, ...end.broken]).toEqual([]);
  },
);
