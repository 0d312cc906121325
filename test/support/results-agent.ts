import { readFile } from 'node:fs/promises';
import type { AgentPort } from '../../electron/gateway/agent-port.ts';
import type { ActivityDay } from '../../shared/result-commands.ts';
import type { EndedArtifact, EndedJob } from '../../shared/snapshot.ts';
import type { JobType } from '../../shared/job.ts';
import type { Transcript } from '../../shared/facts.ts';
import { hasEncoder, made } from './made-media.ts';
import type { PageMedia } from './page-media.ts';
import { sampleSnapshot, uuidOf } from './sample-snapshot.ts';
import { createScriptedAgent, type DerivedFile, type ScriptedAgent } from './scripted-agent.ts';
import { waveformDat } from './waveform-dat.ts';

/** An agent with every kind of result: short and long, for a browser and for editing programs only. */

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

/** Assets of `createResultsAgent`. */
export const CLIP = uuidOf(401);
export const EDIT_PROXY = uuidOf(402);
export const LONG_TAKE = uuidOf(403);
export const SHEET = uuidOf(404);
export const DROP_FRAME = uuidOf(405);

const WORDS = 'and then the camera pans slowly over the harbour while nobody says anything at all'.split(' ');

/** A transcript of `seconds` with a word every 400 ms and a segment every eight words. */
export function madeTranscript(seconds: number): Transcript {
  const segments = Array.from({ length: Math.floor(seconds / 3.2) }, (_, index) => {
    const start = Math.round(index * 3200);
    const words = Array.from({ length: 8 }, (_word, at) => ({
      start_ms: start + at * 400,
      end_ms: start + at * 400 + 360,
      text: ` ${at === 0 && index % 50 === 7 ? 'Élodie' : (WORDS[(index * 8 + at) % WORDS.length] ?? 'and')}`,
      p: 0.9,
    }));
    return { start_ms: start, end_ms: start + 3160, text: words.map(({ text }) => text).join(''), words };
  });
  return { text: segments.map(({ text }) => text).join(''), language: 'en', confidence: 0.91, segments };
}

/** Loudness that repeats: two million values are copied, not computed, in no time. */
function loudness(length: number): number[] {
  const once = loudnessOnce(40_000);
  return Array.from({ length }, (_, index) => once[index % once.length] ?? 0);
}

function loudnessOnce(length: number): number[] {
  return Array.from(
    { length },
    (_, index) =>
      Math.abs(Math.sin(index / 3700) * Math.sin(index / 73)) ** 0.7 * (index % 40_000 > 36_000 ? 0.02 : 0.9),
  );
}

interface Given {
  readonly asset: string;
  readonly number: number;
  readonly path: string;
  readonly type: JobType;
  readonly artifacts?: readonly (EndedArtifact & { readonly file: DerivedFile })[];
  readonly report?: unknown;
  readonly secondsAgo?: number;
}

function facts(change: object): object {
  return {
    media_format: 'mov',
    duration_ms: 8000,
    size_bytes: 1_204_000_000,
    video_codec: 'prores',
    profile: 'HQ',
    width: 1920,
    height: 1080,
    display_aspect: '16:9',
    fps: { num: 25, den: 1, value: 25 },
    frame_count: 200,
    field_order: 'progressive',
    pixel_format: 'yuv422p10le',
    bit_depth: 10,
    timecode_start: '10:00:00:00',
    drop_frame: false,
    reel_name: 'A003R1XK',
    audio_streams: [
      { codec: 'pcm_s24le', channels: 1, sample_rate_hz: 48_000, bit_depth: 24 },
      { codec: 'pcm_s24le', channels: 1, sample_rate_hz: 48_000, bit_depth: 24 },
    ],
    ...change,
  };
}

function proxyReport(profile: string, sourceFacts: object): unknown {
  const proxy = { ...sourceFacts, media_format: 'mp4', video_codec: 'h264', profile: 'High', width: 640, height: 360 };
  return {
    output: {},
    result: {
      facts: sourceFacts,
      derived_manifest: [],
      warnings: [],
      metrics: {
        profile,
        encoder: 'libx264',
        decoder: 'prores',
        encode_speed: 4.82,
        encode_wall_ms: 1660,
        proxy_facts: proxy,
        wall_ms: 2210,
        source_bytes_read: 1_204_000_000,
        tool_versions: { ffmpeg: '5.1.6' },
      },
    },
  };
}

/** A clip whose sheet has 8 tiles in two rows, each of another grey. */
async function sheet(): Promise<DerivedFile> {
  const tiles = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=1:duration=8', '-vf', 'tile=4x2'];
  const path = await made('sheet-4x2.webp', [...tiles, '-frames:v', '1', '-c:v', 'libwebp', '-quality', '80']);
  return { contentType: 'image/webp', bytes: new Uint8Array(await readFile(path)) };
}

async function editProxy(): Promise<DerivedFile | null> {
  if (!hasEncoder('prores_ks')) return null;
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25:duration=8'];
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=330:duration=8', '-c:a', 'pcm_s16le'];
  const path = await made('edit.mov', [...picture, ...sound, '-c:v', 'prores_ks', '-profile:v', '0']);
  return { contentType: 'video/quicktime', bytes: new Uint8Array(await readFile(path)) };
}

export interface ResultsAgent extends ScriptedAgent {
  /** What `activity` answers. */
  days: ActivityDay[];
}

/** @param many plain results behind the special ones; the snapshot holds 200, `history` has all */
export async function createResultsAgent(media: PageMedia, many = 0): Promise<ResultsAgent> {
  const files = new Map<string, DerivedFile>();
  const reports = new Map<string, unknown>();
  const given = [...special(media, await sheet(), await editProxy()), ...plain(media, many)];
  const jobs = given.map((each) => toJob(each, files, reports));
  const idle = sampleSnapshot();
  const agent = createScriptedAgent({
    ...idle,
    done: jobs.slice(0, 200),
    totals: {
      done: jobs.length,
      doneFiles: new Set(jobs.map(({ assetUuid }) => assetUuid)).size,
      failed: 0,
      givenBack: 0,
    },
    roots: [{ name: 'RUSHES', path: '/media/rushes', readable: true, checkedAt: ago(5) }],
  });
  for (const [key, file] of files) agent.derived.set(key, file);
  for (const [key, report] of reports) agent.reports.set(key, report);
  agent.older.push(...jobs);
  return withHistory(agent, jobs);
}

/** Answers what the scripted agent leaves to each test: searches of the past and the days. */
function withHistory(agent: ScriptedAgent, jobs: readonly EndedJob[]): ResultsAgent {
  const days: ActivityDay[] = [];
  const execute: AgentPort['execute'] = async (name, input) => {
    const asked = input as { readonly search?: string; readonly jobType?: string; readonly cursor?: string };
    if (name === 'activity') return { ok: true, output: { days: own.days } } as never;
    if (name !== 'history') return agent.execute(name, input);
    agent.executed.push({ name, input });
    const fits = jobs.filter(
      ({ sourcePath, jobType }) =>
        sourcePath.toLowerCase().includes((asked.search ?? '').toLowerCase()) &&
        (asked.jobType === undefined || jobType === asked.jobType),
    );
    const from = Number(asked.cursor ?? 0);
    const items = fits.slice(from, from + 200);
    return {
      ok: true,
      output: from + 200 < fits.length ? { items, nextCursor: String(from + 200) } : { items },
    } as never;
  };
  const own: ResultsAgent = { ...agent, execute, days };
  return own;
}

function special(media: PageMedia, sheetFile: DerivedFile, edit: DerivedFile | null): Given[] {
  const file = (kind: EndedArtifact['kind'], ref: string, from: DerivedFile, more: Partial<EndedArtifact> = {}) => ({
    kind,
    ref,
    contentType: from.contentType,
    sizeBytes: from.bytes.length,
    file: from,
    ...more,
  });
  const board = media.thumbs.map((from, index) =>
    file('thumb', `t${index}`, from, { timeMs: 400 + index * 760, width: 480, height: 270 }),
  );
  const path = 'RUSHES/2026-03-02/A-cam/A003C014_260302_R1XK.mov';
  const editPath = 'RUSHES/2026-03-02/B-cam/B001C002_260302_R2AB.mov';
  const long = 'RUSHES/2026-03-02/interview/Interview Élodie, whole.wav';
  const sheets = 'RUSHES/2026-03-02/A-cam/A003C020_260302_R1XK.mov';
  const dropFrame = 'RUSHES/2026-03-03/C-cam/C001C001_260303.mxf';
  const ntsc = facts({
    fps: { num: 30_000, den: 1001, value: 29.97 },
    timecode_start: '00:59:58;00',
    drop_frame: true,
  });
  const tile = (index: number) => ({ x: (index % 4) * 320, y: Math.floor(index / 4) * 180, w: 320, h: 180 });
  return [
    {
      asset: CLIP,
      number: 1,
      path,
      type: 'generate_video_proxies',
      artifacts: [file('proxy_video', 'proxy', media.video)],
      report: proxyReport('video_review_default_v1', facts({})),
    },
    { asset: CLIP, number: 2, path, type: 'generate_thumbnails', artifacts: board },
    {
      asset: CLIP,
      number: 3,
      path,
      type: 'generate_audio_waveform',
      artifacts: [file('waveform', 'wave', media.waveform)],
    },
    { asset: CLIP, number: 4, path, type: 'transcribe_audio', report: transcriptReport(madeTranscript(8)) },
    {
      asset: DROP_FRAME,
      number: 9,
      path: dropFrame,
      type: 'generate_video_proxies',
      artifacts: [file('proxy_video', 'proxy', media.video)],
      report: proxyReport('video_review_default_v1', ntsc),
    },
    ...(edit === null
      ? []
      : [
          {
            asset: EDIT_PROXY,
            number: 5,
            path: editPath,
            type: 'generate_video_proxies' as const,
            artifacts: [file('proxy_video', 'edit', edit)],
            report: proxyReport('edit_prores_proxy_v1', facts({})),
          },
          { asset: EDIT_PROXY, number: 6, path: editPath, type: 'generate_thumbnails' as const, artifacts: board },
        ]),
    {
      asset: LONG_TAKE,
      number: 7,
      path: long,
      type: 'generate_audio_waveform',
      artifacts: [file('waveform', 'wave', longWave())],
    },
    {
      asset: LONG_TAKE,
      number: 8,
      path: long,
      type: 'transcribe_audio',
      report: transcriptReport(madeTranscript(3 * 3600)),
    },
    {
      asset: SHEET,
      number: 10,
      path: sheets,
      type: 'generate_thumbnails',
      artifacts: [file('thumb', 'sheet', sheetFile, { timeMs: 0, width: 1280, height: 360, tile: tile(0) })],
      report: {
        output: {
          thumbnails: Array.from({ length: 8 }, (_, index) => ({
            kind: 'thumb',
            ref: 'sheet',
            content_type: 'image/webp',
            size_bytes: 1,
            sha256: '0'.repeat(64),
            index,
            time_ms: index * 1000,
            width: 1280,
            height: 360,
            tile: tile(index),
          })),
        },
        result: { derived_manifest: [], warnings: [], metrics: {} },
      },
    },
  ];
}

function transcriptReport(transcript: Transcript): unknown {
  const metrics = {
    engine: { name: 'whisper.cpp', version: '1.8.0' },
    model: 'base.en',
    media_ms: transcript.segments.at(-1)?.end_ms ?? 0,
    real_time_factor: 0.21,
  };
  return { output: {}, result: { transcript, derived_manifest: [], warnings: [], metrics } };
}

/** Three hours at 48 kHz, 256 samples per pixel: over two million pixels, as the agent makes it. */
let keptWave: DerivedFile | undefined;
function longWave(): DerivedFile {
  keptWave ??= makeLongWave();
  return keptWave;
}

function makeLongWave(): DerivedFile {
  const pixels = Math.round((3 * 3600 * 48_000) / 256);
  return { contentType: 'application/octet-stream', bytes: waveformDat(loudness(pixels), 256 / 48_000) };
}

function plain(media: PageMedia, count: number): Given[] {
  return Array.from({ length: count }, (_, index): Given => {
    const file = media.thumbs[index % media.thumbs.length] as DerivedFile;
    const artifact = {
      kind: 'thumb',
      ref: `still-${index}`,
      contentType: file.contentType,
      sizeBytes: file.bytes.length,
    } as const;
    return {
      asset: uuidOf(5000 + index),
      number: 1000 + index,
      path: `RUSHES/2026-02-${String(1 + (index % 28)).padStart(2, '0')}/day/D${String(index).padStart(4, '0')}.mov`,
      type: 'generate_thumbnails',
      artifacts: [{ ...artifact, timeMs: 1000, width: 480, height: 270, file }],
      secondsAgo: 1000 + index * 60,
    };
  });
}

function toJob(given: Given, files: Map<string, DerivedFile>, reports: Map<string, unknown>): EndedJob {
  const jobId = uuidOf(600_000 + given.number);
  const artifacts = (given.artifacts ?? []).map(({ file, ...artifact }) => {
    files.set(`${given.asset}/${artifact.ref}`, file);
    return artifact;
  });
  if (given.report !== undefined) reports.set(jobId, given.report);
  return {
    jobId,
    jobType: given.type,
    assetUuid: given.asset,
    sourcePath: given.path,
    claimedAt: ago((given.secondsAgo ?? given.number) + 12),
    endedAt: ago(given.secondsAgo ?? given.number),
    wallMs: 2345,
    ending: { kind: 'done', artifacts, warnings: [] },
  };
}
