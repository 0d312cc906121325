import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionSuccess } from '../../electron/work/execution.ts';
import { createProxyExecutor } from '../../electron/work/executors/proxies.ts';
import { audioStreams, parseProbe, probeArgs, videoStream, type Probe } from '../../electron/work/media/probe.ts';
import { JobFailure, type Failure } from '../../shared/failure.ts';
import { FFMPEG, FFPROBE } from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';

const run = promisify(execFile);

export interface MadeProxy extends AsyncDisposable {
  readonly success: ExecutionSuccess<'generate_video_proxies'>;
  readonly file: string;
  readonly probe: Probe;
  readonly reported: readonly (string | number)[];
}

/** Makes a proxy with the real executor and real tools; its file lives until the result is disposed of. */
export async function makeProxy(source: string, profile?: string): Promise<MadeProxy> {
  const rig = await rigFor('generate_video_proxies', source, profile === undefined ? {} : { proxyProfile: profile });
  try {
    const success = await createProxyExecutor().execute(rig.context);
    const file = join(rig.context.workspace, success.artifacts[0]?.file ?? '');
    const probe = await probeFile(file);
    return { success, file, probe, reported: rig.reported, [Symbol.asyncDispose]: () => rig.remove() };
  } catch (error) {
    await rig.remove();
    throw error;
  }
}

/** The failure a source ends with; a success is an error of the test. */
export async function failureOf(source: string, profile?: string): Promise<Failure> {
  try {
    await using made = await makeProxy(source, profile);
    throw new Error(`a proxy was made: ${JSON.stringify(made.success)}`);
  } catch (error) {
    if (error instanceof JobFailure) return error.failure;
    throw error;
  }
}

export async function probeFile(file: string): Promise<Probe> {
  const { stdout } = await run(FFPROBE, probeArgs(file), { maxBuffer: 16 << 20 });
  return parseProbe(stdout);
}

export function pictureOf(probe: Probe) {
  const stream = videoStream(probe);
  if (stream === undefined) throw new Error('no picture');
  return stream;
}

export function soundOf(probe: Probe) {
  const streams = audioStreams(probe);
  if (streams[0] === undefined || streams.length !== 1) throw new Error(`${streams.length} audio streams`);
  return streams[0];
}

/** Presentation times of all pictures in seconds, in order, and those of the key frames; written apart from the agent's reader. */
export async function pictureTimes(file: string): Promise<{ readonly all: number[]; readonly keys: number[] }> {
  const what = ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pts_time,flags', '-of', 'json'];
  const { stdout } = await run(FFPROBE, [...what, file], { maxBuffer: 64 << 20 });
  const { packets } = JSON.parse(stdout) as { packets: { pts_time: string; flags: string }[] };
  const times = packets.map((packet) => ({ time: Number(packet.pts_time), isKey: packet.flags.startsWith('K') }));
  times.sort((a, b) => a.time - b.time);
  return { all: times.map(({ time }) => time), keys: times.filter(({ isKey }) => isKey).map(({ time }) => time) };
}

/** Largest distance between neighbours, in seconds rounded to microseconds. */
export function longestStep(times: readonly number[]): number {
  return Math.round(Math.max(0, ...times.slice(1).map((time, at) => time - (times[at] ?? 0))) * 1e6) / 1e6;
}

/** RMS and peak of each channel of one audio track, in dBFS, over the whole sound. */
export async function levels(file: string, track = 0): Promise<{ readonly rms: number[]; readonly peak: number[] }> {
  const graph = 'astats=measure_overall=none';
  const args = ['-hide_banner', '-nostats', '-i', file, '-map', `0:a:${track}`, '-af', graph, '-f', 'null', '-'];
  const { stderr } = await run(FFMPEG, args);
  const all = (name: string): number[] =>
    [...stderr.matchAll(new RegExp(`${name} level dB: (\\S+)`, 'g'))].map((match) =>
      match[1] === '-inf' ? Number.NEGATIVE_INFINITY : Number(match[1]),
    );
  return { rms: all('RMS'), peak: all('Peak') };
}

/** When sound follows a silence of 0.1 s and more, in seconds. */
export async function soundBegins(file: string): Promise<readonly number[]> {
  const args = ['-hide_banner', '-nostats', '-i', file, '-map', '0:a:0', '-af', 'silencedetect=n=-50dB:d=0.1'];
  const { stderr } = await run(FFMPEG, [...args, '-f', 'null', '-']);
  return [...stderr.matchAll(/silence_end: ([\d.]+)/g)].map((match) => Number(match[1]));
}

/** Time of each packet of the sound, in seconds, as they lie in the file. */
export async function soundTimes(file: string): Promise<readonly number[]> {
  const what = ['-v', 'error', '-select_streams', 'a:0', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0'];
  const { stdout } = await run(FFPROBE, [...what, file], { maxBuffer: 64 << 20 });
  return [...stdout.matchAll(/^-?[\d.]+/gm)].map((match) => Number(match[0]));
}

/** Mean red, green and blue (0..255) of the picture at `seconds`, within the given part of it. */
export async function colourAt(file: string, seconds: number, crop = 'iw:ih:0:0'): Promise<readonly number[]> {
  // Not scaled at once to one pixel: swscale then looks at few of the source's.
  const filter = `crop=${crop},scale=64:64:flags=area,scale=1:1:flags=area,format=rgb24`;
  const args = ['-v', 'error', '-ss', String(seconds), '-i', file, '-frames:v', '1', '-vf', filter];
  const { stdout } = await run(FFMPEG, [...args, '-f', 'rawvideo', '-'], { encoding: 'buffer' });
  return [...stdout];
}

/** How many pictures look woven from two moments with the top (bottom) field earlier, by ffmpeg's detector. */
export async function detectedFields(file: string): Promise<{ readonly top: number; readonly bottom: number }> {
  const { stderr } = await run(FFMPEG, ['-hide_banner', '-nostats', '-i', file, '-vf', 'idet', '-f', 'null', '-']);
  // From 7 on a filter that was only asked what it is counts nothing, and says so first.
  const counts = [...stderr.matchAll(/Multi frame detection: TFF:\s*(\d+) BFF:\s*(\d+)/g)].at(-1);
  return { top: Number(counts?.[1]), bottom: Number(counts?.[2]) };
}

/** How many pictures look woven from two moments. */
export async function combedFrames(file: string): Promise<number> {
  const { top, bottom } = await detectedFields(file);
  return top + bottom;
}
