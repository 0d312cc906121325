import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createTranscribeExecutor } from '../../electron/work/executors/transcribe.ts';
import type { Transcript } from '../../shared/facts.ts';
import { FFMPEG } from '../support/made-media.ts';
import { RECITAL, writeRecitingModel } from '../support/reciting-model.ts';
import { cliSegment, writeStandInCli } from '../support/stand-in-cli.ts';
import { withContext } from './rig.ts';

const run = promisify(execFile);

/** Why synthetic speech cannot be made here, or null. */
export const NO_VOICE = answers('espeak-ng') ? null : 'espeak-ng is not on this machine';

function answers(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const WORDS =
  'The first reel was shot at dawn. Nobody had slept, and the light was going to last twenty minutes. ' +
  'We had one lens, two batteries, and a long list of things that could go wrong.';

export interface LongRun {
  readonly windows: number;
  readonly mediaMs: number;
  readonly wallMs: number;
  /** Largest resident size of the engine's process, without the model file; bytes. */
  readonly engineBytes: number;
  /** Growth of this process meanwhile; bytes. */
  readonly agentBytes: number;
  /** Engine's resident size in the first and the last tenth of the run: flat or growing. */
  readonly early: number;
  readonly late: number;
  readonly transcript: Transcript;
  readonly fractions: readonly number[];
  readonly metrics: Readonly<Record<string, unknown>>;
}

/** Speech of a synthetic voice, repeated for `seconds`, heard by the real engine with a small model that recites. */
export async function longRun(seconds: number, cli?: string): Promise<LongRun> {
  const folder = await mkdtemp(join(tmpdir(), 'rushcatalog-long-'));
  try {
    const model = join(folder, 'model.bin');
    // Layers share their memory: one needs half of the time of four and as much room.
    await writeRecitingModel(model, RECITAL, { audioLayers: 1 });
    const sound = await makeSpeech(folder, seconds);
    const modelBytes = (await stat(model)).size;
    const speechModel = { path: model, sha256: 'f'.repeat(64) };
    const speechEngine = cli === undefined ? undefined : ({ kind: 'whisper-cli', path: cli, version: 'real' } as const);
    const tools = { speechModel, ...(speechEngine === undefined ? {} : { speechEngine }) };
    return await withContext(sound, tools, async (context, reported) => {
      const before = process.memoryUsage.rss();
      const startedAt = performance.now();
      const samples: number[] = [];
      let agentBytes = 0;
      const timer = setInterval(() => {
        samples.push(Math.max(0, residentOf(context.processes.groups()) - modelBytes));
        agentBytes = Math.max(agentBytes, process.memoryUsage.rss() - before);
      }, 250);
      const success = await createTranscribeExecutor()
        .execute(context)
        .finally(() => clearInterval(timer));
      const tenth = Math.max(1, Math.floor(samples.length / 10));
      const peak = (part: readonly number[]): number => Math.max(0, ...part);
      const { windows } = success.metrics['parameters'] as { readonly windows: number };
      return {
        windows,
        mediaMs: Number(success.metrics['media_ms']),
        wallMs: performance.now() - startedAt,
        engineBytes: peak(samples),
        agentBytes,
        early: peak(samples.slice(tenth, tenth * 3)),
        late: peak(samples.slice(-tenth * 2)),
        transcript: success.outputs.transcript,
        fractions: reported.filter((entry) => typeof entry === 'number'),
        metrics: success.metrics,
      };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface ScriptedRun {
  readonly windows: number;
  readonly agentBytes: number;
  readonly planBytes: number;
  readonly wallMs: number;
  /** Largest distance between a segment and where it was put into its window, ms. */
  readonly offsetErrorMs: number;
  readonly complaints: readonly string[];
}

/**
 * The same length through windows, joining and cleaning without the arithmetic of a model: a scripted whisper-cli says
 * one line into each window, so every time of hours of sound is known beforehand.
 */
export async function longScripted(seconds: number): Promise<ScriptedRun> {
  const folder = await mkdtemp(join(tmpdir(), 'rushcatalog-long-'));
  try {
    const model = join(folder, 'model.bin');
    await writeRecitingModel(model);
    const sound = await makeSpeech(folder, seconds);
    // Another word each time: the same line again and again would be cut as a loop.
    const windows = Array.from({ length: 500 }, (_, index) => ({
      result: { language: 'en' },
      transcription: [cliSegment(1000, 2000, ` Marker ${String(index)}.`)],
    }));
    const cli = await writeStandInCli(folder, { windows });
    const speechEngine = { kind: 'whisper-cli', path: cli.path, version: '9.9.9' } as const;
    const speechModel = { path: model, sha256: 'f'.repeat(64) };
    return await withContext(sound, { speechModel, speechEngine }, async (context, reported) => {
      const before = process.memoryUsage.rss();
      const startedAt = performance.now();
      const peak = { agent: 0, plan: 0 };
      const timer = setInterval(() => {
        peak.agent = Math.max(peak.agent, process.memoryUsage.rss() - before);
        peak.plan = Math.max(peak.plan, residentOf(context.processes.groups()));
      }, 100);
      const success = await createTranscribeExecutor()
        .execute(context)
        .finally(() => clearInterval(timer));
      const { transcript } = success.outputs;
      const lengths = (await cli.asked()).map(({ wavBytes }) => (wavBytes - 44) / 32);
      let begins = 0;
      const errors = lengths.map((length, index) => {
        const wanted = begins + 1000;
        begins += length;
        return Math.abs((transcript.segments[index]?.start_ms ?? -Infinity) - wanted);
      });
      const fractions = reported.filter((entry) => typeof entry === 'number');
      const mediaMs = Number(success.metrics['media_ms']);
      return {
        windows: lengths.length,
        agentBytes: peak.agent,
        planBytes: peak.plan,
        wallMs: performance.now() - startedAt,
        offsetErrorMs: Math.max(...errors),
        complaints: complaints({ transcript, mediaMs, fractions }),
      };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeSpeech(folder: string, seconds: number): Promise<string> {
  const [once, long] = [join(folder, 'once.wav'), join(folder, 'long.flac')];
  await run('espeak-ng', ['-v', 'en', '-w', once, WORDS]);
  const loop = ['-stream_loop', '-1', '-i', once, '-t', String(seconds)];
  await run(FFMPEG, ['-v', 'error', '-nostdin', '-y', ...loop, '-ar', '16000', '-ac', '1', long]);
  return long;
}

/** Process groups of ours: the child and what it started. */
function residentOf(groups: readonly number[]): number {
  return groups.reduce((sum, pid) => {
    try {
      const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
      return sum + Number(kilobytes ?? 0) * 1024;
    } catch {
      return sum;
    }
  }, 0);
}

/** What is wrong with the order or the times of a transcript; empty when nothing is. */
export function complaints({
  transcript,
  mediaMs,
  fractions,
}: Pick<LongRun, 'transcript' | 'mediaMs' | 'fractions'>): readonly string[] {
  const found: string[] = [];
  let last = 0;
  for (const [index, { start_ms: start, end_ms: end }] of transcript.segments.entries()) {
    if (start < last) found.push(`segment ${String(index)} begins before the one before it ended`);
    if (end <= start || end > mediaMs)
      found.push(`segment ${String(index)} ends at ${String(end)} of ${String(mediaMs)}`);
    last = end;
  }
  if (fractions.some((fraction, at) => at > 0 && fraction < (fractions[at - 1] ?? 0))) found.push('progress went back');
  if (fractions.at(-1) !== 1) found.push('progress did not end at 1');
  return found;
}

/** What of the recital is missing, twice or out of its order; empty when nothing is. */
export function misheard({ transcript, windows }: Pick<LongRun, 'transcript' | 'windows'>): readonly string[] {
  const lines = transcript.segments.map(({ text }) => RECITAL.indexOf(text));
  const strangers = transcript.segments.filter((_, at) => lines[at] === -1);
  const found = strangers.map(({ text, start_ms: at }) => `“${text}” at ${String(at)} was never said`);
  for (const [index, line] of lines.entries()) {
    // A window begins with the first line, and forgets itself back to it in its last 30 s.
    if (index > 0 && line > 0 && line !== (lines[index - 1] ?? 0) + 1) found.push(`line ${String(line)} out of order`);
  }
  for (const line of RECITAL.keys()) {
    const times = lines.filter((heard) => heard === line).length;
    // The last window may be a short one.
    if (times < windows - 1)
      found.push(`“${RECITAL[line] ?? ''}” ${String(times)} times in ${String(windows)} windows`);
  }
  return found;
}
