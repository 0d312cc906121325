import { describe, expect, it } from 'vitest';
import { NO_FFMPEG } from '../support/made-media.ts';
import { randomOf } from './run-campaign.ts';
import { strictOf } from './strict.ts';

/** `npm run test:faults -- --only strict` does 200 of them, and judges the time between two polls, too. */
const JOBS = 16;

describe.skipIf(NO_FFMPEG !== null)('a strict server', () => {
  it(
    `two agents that would take three jobs at once: ${JOBS} jobs, no claim beyond the two that are allowed`,
    { tags: ['slow'] },
    async () => {
      const campaign = strictOf(JOBS);
      const lane = await campaign.open({ lane: 0 });
      const { broken } = await lane.run(0, randomOf(7, campaign.name, 0));
      const { counted } = await lane.close();
      expect(broken).toEqual([]);
      expect(counted?.['claims']).toBeGreaterThanOrEqual(JOBS);
      expect(counted?.['claims beyond what is allowed']).toBe(0);
    },
  );
});
