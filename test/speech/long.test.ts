/** @module-tag slow */
import { describe, expect, it } from 'vitest';
import { NO_FFMPEG } from '../support/made-media.ts';
import { longScripted, NO_VOICE } from './long-run.ts';

const why = NO_FFMPEG ?? NO_VOICE;

/** A slice of `npm run test:speech`, which does the same with three hours, and with the arithmetic of a model too. */
describe.skipIf(why !== null)(`long speech ${why ?? ''}`, () => {
  it('twenty minutes in windows: every line is where it was said, in order, inside the media', async () => {
    const result = await longScripted(1_200);
    console.info(`  ${result.windows} windows, offsets within ${result.offsetErrorMs.toFixed(3)} ms`);
    expect(result.complaints).toEqual([]);
    expect(result.windows).toBeGreaterThan(3);
    expect(result.offsetErrorMs).toBeLessThan(1);
  });
});
