import type { JobType } from '../../shared/job.ts';
import type { Bench } from './run-job.ts';

/** How time, memory and reading grow with the length of a source: 640×360, long GOP of 2 s, AAC. */
export const LENGTHS = [
  { name: '1 minute', file: 'minute.mp4', seconds: 60 },
  { name: '10 minutes', file: 'ten-minutes.mp4', seconds: 600 },
  { name: '1 hour', file: 'hour.mp4', seconds: 3600 },
] as const;

interface LengthCase {
  readonly name: string;
  readonly what: string;
  readonly jobType: JobType;
}

const lengthCase = (what: string, jobType: JobType): LengthCase => ({
  name: `lengths: ${what} of 1 minute, 10 minutes, 1 hour`,
  what,
  jobType,
});

export const LENGTH_CASES: readonly LengthCase[] = [
  lengthCase('thumbnail', 'generate_thumbnails'),
  lengthCase('waveform', 'generate_audio_waveform'),
  lengthCase('proxy', 'generate_video_proxies'),
];

/** Memory of the agent that may come and go with the collector, whatever the length. */
const FLAT_BYTES = 150e6;
/** What the tools may use more for an hour than for a minute: the index of 260,000 packets, read and written. */
const INDEX_BYTES = 64e6;

/** Prints one line per length; answers whether memory stayed flat, of the agent and of its tools. */
export async function measureLengths(bench: Bench, { what, jobType }: LengthCase): Promise<boolean> {
  const agent: number[] = [];
  const tools: number[] = [];
  for (const length of LENGTHS) {
    const job = await bench.watch(jobType, length.file);
    const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`.padStart(8);
    const times = (job.ms / 1000 / length.seconds).toFixed(4);
    const label = `${what} of ${length.name}`.padEnd(34);
    const memory = `agent +${mb(job.agentBytes)}  tools ${mb(job.childBytes)}`;
    console.log(
      `${label} ${job.ms.toFixed(0).padStart(7)} ms  ${times} × its length  ${memory}  read ${mb(job.readBytes)}`,
    );
    agent.push(job.agentBytes);
    tools.push(job.childBytes);
  }
  const more = (tools.at(-1) ?? 0) - (tools[0] ?? 0);
  const flat = Math.max(...agent) < FLAT_BYTES && more < INDEX_BYTES;
  console.log(`memory is flat (tools ${(more / 1e6).toFixed(0)} MB more for the hour): ${flat ? 'held' : 'NOT HELD'}`);
  return flat;
}
