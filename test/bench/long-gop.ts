import { join } from 'node:path';
import { decodeCommand, runBare } from './bare-tool.ts';
import type { Bench } from './run-job.ts';

/** Thumbnails of two hours of long-GOP H.264 (720p, a key frame every 10 s) against decoding its picture. */
export const LONG_GOP_FILE = 'long-gop-two-hours.mp4';

/** The source repeats every minute, so that a part tells the whole; decoding all of it would take minutes. */
const SAMPLE_SECONDS = 240;
const WHOLE_SECONDS = 7200;

const PROFILES = [
  { name: 'video_representative_v1', bar: 20 },
  { name: 'video_storyboard_v1', bar: 20 },
  // A thousand tiles 7.2 s apart, of which a quarter have no key frame near: much must be decoded.
  { name: 'scrub_sprite_v1', bar: 3 },
] as const;

export async function measureLongGop(bench: Bench): Promise<boolean> {
  let held = true;
  const source = join(bench.media, LONG_GOP_FILE);
  const sampleMs = await runBare([decodeCommand('v', SAMPLE_SECONDS)], source, '/nowhere');
  const decodeMs = (sampleMs * WHOLE_SECONDS) / SAMPLE_SECONDS;
  for (const { name, bar } of PROFILES) {
    const job = await bench.run('generate_thumbnails', LONG_GOP_FILE, { thumbnail_profile: name });
    const faster = decodeMs / job.ms;
    held &&= faster >= bar;
    const line = `${`${name} of 2 hours`.padEnd(38)} ${job.ms.toFixed(0).padStart(7)} ms  ${faster.toFixed(1)} × faster`;
    const all = `than decoding (${(decodeMs / 1000).toFixed(0)} s, from its first ${SAMPLE_SECONDS} s)`;
    console.log(`${line} ${all}  ${faster >= bar ? 'held' : 'NOT HELD'}: at least ${bar} ×`);
  }
  return held;
}
