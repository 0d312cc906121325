import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_FFMPEG } from '../support/made-media.ts';
import type { Lane } from './campaign.ts';
import { AT_RANDOM, CELLS, killAgent } from './kill-agent.ts';
import { randomOf } from './run-campaign.ts';

/** `npm run test:faults -- --only kill-agent` kills it 200 times, and looks at the seconds, too. */
const SLICE = [
  CELLS.findIndex(({ jobType, phase }) => jobType === 'generate_audio_waveform' && phase === 'executing'),
  CELLS.findIndex(({ jobType, phase }) => jobType === 'transcribe_audio' && phase === 'reporting'),
  CELLS.findIndex(({ jobType, phase }) => jobType === 'generate_video_proxies' && phase === 'uploading'),
  AT_RANDOM,
  AT_RANDOM + 1,
];

describe.skipIf(NO_FFMPEG !== null)('kill -9 of the agent', { timeout: 900_000 }, () => {
  let lane: Lane;
  beforeAll(async () => {
    lane = await killAgent.open({ lane: 0 });
  }, 900_000);
  afterAll(async () => {
    expect((await lane.close()).broken).toEqual([]);
  }, 900_000);

  it.each(SLICE)('run %d: one result per job, nothing twice, nothing left', async (run) => {
    const { broken, counted } = await lane.run(run, randomOf(12, killAgent.name, run));
    console.info(`  ${JSON.stringify(counted)}`);
    expect(broken).toEqual([]);
  });
});
