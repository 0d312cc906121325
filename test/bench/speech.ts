import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { soundArgs } from '../../electron/work/executors/transcribe-sound.ts';
import { inputArgs } from '../../electron/work/media/input.ts';
import type { AudioStream } from '../../electron/work/media/probe.ts';
import { nodeProgram } from '../../electron/work/process/spawn-node.ts';
import type { EngineRequest } from '../../electron/work/speech/engine-protocol.ts';
import { startEmbedded, type Embedded } from '../../electron/headless/process/embedded.ts';
import { TRANSCRIPTION_PROFILES } from '../../shared/profiles.ts';
import { FFMPEG } from '../support/made-media.ts';
import { RECITAL, writeRecitingModel } from '../support/reciting-model.ts';
import { processorMs } from './resources.ts';
import { describeWall, ratioOf, type Cost, type Pair } from './statistics.ts';

export const SPEECH_NAME = 'speech overhead: transcript of a 30-minute WAV';
export const SPEECH_FILE = 'half-hour-16.wav';
const PAIRS = 3;
const BAR = 1.02;

/**
 * A whole transcription job, from the claim to the accepted report, beside ffmpeg and the engine's process alone with
 * the same arguments. The real engine with a small model: a larger one takes longer and makes the share smaller.
 */
export async function measureSpeech(media: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'rushcatalog-bench-'));
  const model = join(folder, 'model.bin');
  await writeRecitingModel(model, RECITAL);
  const embedded = await startEmbedded(folder, {
    mediaRoots: [{ name: 'media', path: media }],
    maxParallelJobs: 1,
    speechModelPath: model,
  });
  try {
    await embedded.agent.start();
    await declared(embedded);
    const agent = (): Promise<Cost> => costOf(() => runJob(embedded));
    const bare = (): Promise<Cost> => costOf(() => runAlone(join(media, SPEECH_FILE), model, folder));
    const pairs: Pair[] = [];
    // Fills caches.
    await bare();
    for (let index = 0; index < PAIRS; index += 1) {
      // By turns: what the machine does besides slows down now the one, now the other.
      if (index % 2 === 0) pairs.push({ agent: await agent(), bare: await bare() });
      else {
        const first = await bare();
        pairs.push({ bare: first, agent: await agent() });
      }
    }
    const held = ratioOf(pairs, 'wallMs') <= BAR;
    console.log(`${describeWall(SPEECH_NAME, pairs)}\n${held ? 'held' : 'NOT HELD'}: adds at most 2 %`);
    return held;
  } finally {
    await embedded.agent.stop(0);
    await embedded.server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function costOf(work: () => Promise<number>): Promise<Cost> {
  const before = processorMs();
  const wallMs = await work();
  return { wallMs, processorMs: processorMs() - before };
}

function declared({ agent }: Embedded): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const speech = agent.snapshot().capabilities.find(({ jobType }) => jobType === 'transcribe_audio');
      if (speech?.declared === true) resolve();
      if (speech?.proof.status === 'failed') reject(new Error(speech.proof.reason.message));
    };
    look();
    agent.subscribe(look);
  });
}

async function runJob({ agent, client }: Embedded): Promise<number> {
  const asset = await client.createAsset({ source_path: join('media', SPEECH_FILE) });
  const ended = Promise.withResolvers<number>();
  let claimedAt = Number.NaN;
  const unsubscribe = agent.subscribe((event) => {
    if (event.type === 'jobClaimed') claimedAt = performance.now();
    if (event.type !== 'jobEnded') return;
    if (event.job.ending.kind === 'done') ended.resolve(performance.now() - claimedAt);
    else ended.reject(new Error(`the job ended as ${JSON.stringify(event.job.ending)}`));
  });
  await client.createJob({ asset_uuid: asset.uuid, job_type: 'transcribe_audio', inputs: { language: 'fr' } });
  agent.wake();
  return ended.promise.finally(unsubscribe);
}

/** Stereo, as the bench makes it. */
const STREAMS = [{ index: 0, channels: 2 }] as unknown as readonly AudioStream[];

async function runAlone(source: string, modelPath: string, folder: string): Promise<number> {
  const pcmPath = join(folder, 'alone.s16le');
  const { threads, temperature, temperatureStep, candidates } = TRANSCRIPTION_PROFILES.speech_default_v1;
  const request: EngineRequest = {
    ...{ type: 'transcribe', variant: 'default', modelPath, pcmPath, language: 'fr', gpu: false },
    ...{ threads, temperature, temperatureStep, candidates },
  };
  const engine = nodeProgram('speech-engine');
  const startedAt = performance.now();
  const pcm = openSync(pcmPath, 'w');
  await run(FFMPEG, soundArgs({ open: inputArgs(source), streams: STREAMS }, 3600), '', pcm);
  closeSync(pcm);
  await run(engine.program, engine.args, `${JSON.stringify(request)}\n`);
  return performance.now() - startedAt;
}

/** At the priority of the agent's children, which is that of any command here: another would not be the same work. */
function run(
  program: string,
  args: readonly string[],
  input: string,
  stdout: number | 'ignore' = 'ignore',
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', stdout, 'ignore'] });
    child.stdin?.end(input);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${String(code)}`));
    });
  });
}
