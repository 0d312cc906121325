import { describe, expect, it } from 'vitest';
import { NO_FFMPEG } from '../support/made-media.ts';
import { randomOf } from './run-campaign.ts';
import { s3Of } from './s3.ts';

/** One run of each trouble; `npm run test:faults -- --only s3` does a hundred. */
describe.skipIf(NO_FFMPEG !== null)('uploads past the server', () => {
  it.each([
    ['a store that compares checksums', true],
    ['one that compares nothing', false],
  ])('are refused or healed at %s', { tags: ['slow'] }, async (_name, compares) => {
    const campaign = s3Of(compares);
    const lane = await campaign.open({ lane: 0 });
    const broken: string[] = [];
    for (let run = 0; run < 8; run += 1) {
      broken.push(...(await lane.run(run, randomOf(7, campaign.name, run))).broken);
    }
    await lane.close();
    expect(broken).toEqual([]);
  });
});
