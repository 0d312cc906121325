import type { JobType } from '../../shared/wire.ts';
import type { Bench } from './run-job.ts';

/** How time, memory and reading grow with the length of a source: 640×360, long GOP of 2 s, AAC. */
export const LENGTHS = [
  { name: '1 minute', file: 'minute.mp4', seconds: 60 },
  { name: '10 minutes', file: 'ten-minutes.mp4', seconds: 600 },
  { name: '1 hour', file: 'hour.mp4', seconds: 3600 },
] as const;

const JOBS: readonly { readonly name: string; readonly jobType: JobType }[] = [
  { name: 'thumbnail', jobType: 'generate_thumbnails' },
  { name: 'waveform', jobType: 'generate_audio_waveform' },
  { name: 'proxy', jobType: 'generate_video_proxies' },
];

/** Memory of the agent that may come and go with the collector, whatever the length. */
const FLAT_BYTES = 150e6;

/** Prints one line per length and job; answers whether memory stayed flat. */
export async function measureLengths(bench: Bench): Promise<boolean> {
  let flat = true;
  for (const { name, jobType } of JOBS) {
    for (const length of LENGTHS) {
      const job = await bench.watch(jobType, length.file);
      const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`.padStart(8);
      const times = (job.ms / 1000 / length.seconds).toFixed(4);
      const label = `${name} of ${length.name}`.padEnd(34);
      const memory = `agent +${mb(job.agentBytes)}  children ${mb(job.childBytes)}`;
      console.log(
        `${label} ${job.ms.toFixed(0).padStart(7)} ms  ${times} × its length  ${memory}  read ${mb(job.readBytes)}`,
      );
      flat &&= job.agentBytes < FLAT_BYTES;
    }
  }
  console.log(`memory of the agent is flat: ${flat ? 'held' : 'NOT HELD'}`);
  return flat;
}
