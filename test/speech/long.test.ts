import { describe, expect, it } from 'vitest';
import { NO_FFMPEG } from '../support/made-media.ts';
import { complaints, longRun, NO_VOICE } from './long-run.ts';

const why = NO_FFMPEG ?? NO_VOICE;

/** A slice of `npm run test:speech`, which does the same with three hours. */
describe.skipIf(why !== null)(`long speech ${why ?? ''}`, () => {
  it('six and a half minutes in two windows: order, times and progress hold, memory stays within 400 MB of the model', async () => {
    const result = await longRun(390);
    expect(complaints(result)).toEqual([]);
    expect(result.transcript.segments.length).toBeGreaterThan(10);
    expect(result.metrics['parameters']).toMatchObject({ windows: 2, forced_cuts: 0 });
    expect(result.engineBytes).toBeLessThan(400e6);
    console.log(`engine above its model: ${(result.engineBytes / 1e6).toFixed(0)} MB`);
  }, 600_000);
});
