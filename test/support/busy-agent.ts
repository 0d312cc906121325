import { failure } from '../../shared/failure.ts';
import type { EndedArtifact, EndedJob, RunningJob, Snapshot, WaitingJob, WaitReason } from '../../shared/snapshot.ts';
import type { DerivedKind } from '../../shared/facts.ts';
import type { JobType } from '../../shared/job.ts';
import type { DerivedFile, ScriptedAgent } from './scripted-agent.ts';
import { createScriptedAgent } from './scripted-agent.ts';
import type { PageMedia } from './page-media.ts';
import { unfinished } from './real-names.ts';
import { sampleSnapshot, uuidOf } from './sample-snapshot.ts';

/** Instants relative to now, so that "today" stays today. */
const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

/** Names as they come from cards, and one that tries to be more than a name. */
export const HOSTILE_NAME = '<img src=x onerror="globalThis.hacked=1">{{now.title}}\u202egpj.mov';
export const SCENE = 'RUSHES/2026-03-02/A-cam/A003C014_260302_R1XK.mov';

interface DoneSpec {
  readonly asset: number;
  readonly job: number;
  readonly type: JobType;
  readonly path: string;
  readonly secondsAgo: number;
  readonly files: readonly (readonly [kind: DerivedKind, ref: string, file: DerivedFile, timeMs?: number])[];
  readonly warning?: string;
}

/** An agent in the middle of a working day, with every kind of state a person may meet. */
export function createBusyAgent(media: PageMedia, change: Partial<Snapshot> = {}): ScriptedAgent {
  const files = new Map<string, DerivedFile>();
  const done = doneSpecs(media).map((spec) => toDone(spec, files));
  const agent = createScriptedAgent(
    sampleSnapshot({
      ...machine(),
      running: runningJobs(),
      waiting: waitingJobs(40),
      done,
      failures: failedJobs(),
      totals: {
        done: done.length,
        doneFiles: new Set(done.map(({ assetUuid }) => assetUuid)).size,
        failed: 3,
        givenBack: 3,
      },
      backlog: {
        byStatus: { pending: 1284, claimed: 2, completed: 20_417, failed: 31 },
        byMissingCapability: { 'speech.transcription@1': 212, 'media.faces@1': 9 },
      },
      ...change,
    }),
  );
  for (const [key, file] of files) agent.derived.set(key, file);
  agent.reports.set(uuidOf(201), { result: { facts: FACTS, derived_manifest: [], warnings: [], metrics: {} } });
  agent.reports.set(uuidOf(204), {
    result: { transcript: TRANSCRIPT, derived_manifest: [], warnings: [], metrics: {} },
  });
  agent.logs.set(uuidOf(301), [
    { at: ago(900), level: 'info', message: 'claimed' },
    { at: ago(899), level: 'warn', message: 'ffmpeg: moov atom not found' },
  ]);
  return agent;
}

const FACTS = {
  media_format: 'mov',
  duration_ms: 8000,
  width: 3840,
  height: 2160,
  display_aspect: '16:9',
  video_codec: 'prores',
  profile: 'HQ',
  pixel_format: 'yuv422p10le',
  fps: { num: 24_000, den: 1001, value: 23.976 },
  timecode_start: '10:14:22:08',
  drop_frame: false,
  reel_name: 'A003R1XK',
  color_primaries: 'bt709',
  color_transfer: 'bt709',
  color_range: 'tv',
  audio_streams: [{ codec: 'pcm_s24le', channels: 2, sample_rate_hz: 48_000 }],
};

const TRANSCRIPT = {
  text: 'We are rolling. Scene twelve, take three. And action.',
  language: 'en',
  confidence: 0.93,
  segments: [
    { start_ms: 400, end_ms: 1500, text: ' We are rolling.' },
    { start_ms: 1900, end_ms: 4200, text: ' Scene twelve, take three.' },
    { start_ms: 5100, end_ms: 6000, text: ' And action.' },
  ],
};

function doneSpecs(media: PageMedia): DoneSpec[] {
  const board = media.thumbs.map((file, index) => ['thumb', `t${index}`, file, 400 + index * 760] as const);
  const single = (index: number) => [['thumb', 'still', media.thumbs[index] as DerivedFile, 1000]] as const;
  const B = 'RUSHES/2026-03-02/B-cam/B001C0';
  const plain = (n: number): DoneSpec => ({
    asset: 120 + n,
    job: 220 + n,
    type: 'generate_thumbnails',
    path: `${B}${String(n).padStart(2, '0')}_260302_R2AB.mxf`,
    secondsAgo: 300 + n * 61,
    files: single(n % 10),
  });
  const scene = { asset: 101, path: SCENE };
  return [
    { ...scene, job: 204, type: 'transcribe_audio', secondsAgo: 20, files: [] },
    {
      ...scene,
      job: 203,
      type: 'generate_audio_waveform',
      secondsAgo: 31,
      files: [['waveform', 'wave', media.waveform]],
    },
    { ...scene, job: 202, type: 'generate_thumbnails', secondsAgo: 40, files: board },
    {
      ...scene,
      job: 201,
      type: 'generate_video_proxies',
      secondsAgo: 60,
      files: [['proxy_video', 'proxy one/ä', media.video]],
      warning: 'Three packets were damaged; the picture may show it.',
    },
    {
      asset: 102,
      job: 210,
      type: 'generate_thumbnails',
      path: 'RUSHES/téléphone/été à Sète n°3.mov',
      secondsAgo: 90,
      files: [['thumb', 'portrait', media.portrait, 900]],
    },
    {
      asset: 103,
      job: 211,
      type: 'generate_video_proxies',
      path: 'SOUND/2026-03-02/MIX_T012.wav',
      secondsAgo: 120,
      files: [['proxy_audio', 'sound', media.audio]],
    },
    ...Array.from({ length: 9 }, (_, n) => plain(n)),
  ];
}

function toDone(spec: DoneSpec, files: Map<string, DerivedFile>): EndedJob {
  const assetUuid = uuidOf(spec.asset);
  const artifacts = spec.files.map(([kind, ref, file, timeMs]): EndedArtifact => {
    files.set(`${assetUuid}/${ref}`, file);
    const picture = timeMs === undefined ? {} : { timeMs, ...sizeOf(ref) };
    return { kind, ref, contentType: file.contentType, sizeBytes: file.bytes.length, ...picture };
  });
  return {
    jobId: uuidOf(spec.job),
    jobType: spec.type,
    assetUuid,
    sourcePath: spec.path,
    claimedAt: ago(spec.secondsAgo + 12),
    endedAt: ago(spec.secondsAgo),
    wallMs: 12_345,
    ending: {
      kind: 'done',
      artifacts,
      warnings: spec.warning === undefined ? [] : [{ code: 'SOURCE_DAMAGED', message: spec.warning }],
    },
  };
}

const sizeOf = (ref: string) => (ref === 'portrait' ? { width: 270, height: 480 } : { width: 480, height: 270 });

export function runningJobs(): RunningJob[] {
  const base = { delivering: false, cancelRequested: false, suspended: false };
  return [
    {
      ...base,
      jobId: uuidOf(1),
      jobType: 'generate_video_proxies',
      assetUuid: uuidOf(120),
      sourcePath: 'RUSHES/2026-03-02/B-cam/B001C000_260302_R2AB.mxf',
      stage: 'encoding',
      progress: 0.374,
      claimedAt: ago(84),
      stageSince: ago(80),
      encoder: 'libx264',
    },
    {
      ...base,
      jobId: uuidOf(2),
      jobType: 'transcribe_audio',
      assetUuid: uuidOf(190),
      sourcePath: 'SOUND/2026-03-02/Interview Élodie – prise 2 (très longue, avec les questions du public).wav',
      stage: 'probing',
      claimedAt: ago(3),
      stageSince: ago(3),
    },
  ];
}

const REASONS: readonly WaitReason[] = [
  { kind: 'slot' },
  { kind: 'root-unavailable', root: 'ARCHIVE' },
  { kind: 'slot' },
  { kind: 'no-capability', capability: 'speech.transcription@1' },
  { kind: 'source-growing' },
  { kind: 'disk', neededBytes: 48_300_000_000, freeBytes: 12_100_000_000 },
  { kind: 'unsupported-type', jobType: 'detect_faces' },
  { kind: 'held-off', until: ago(-500) },
  { kind: 'set-aside', crashes: 3 },
  { kind: 'quiet-hours', until: ago(-5000) },
];

export function waitingJobs(count: number): WaitingJob[] {
  const types = ['generate_video_proxies', 'generate_thumbnails', 'generate_audio_waveform'] as const;
  return Array.from({ length: count }, (_, index) => ({
    jobId: uuidOf(10_000 + index),
    jobType: index % 10 === 6 ? 'detect_faces' : (types[index % 3] ?? 'generate_thumbnails'),
    sourcePath: index === 3 ? HOSTILE_NAME : `RUSHES/2026-03-02/A-cam/A004C${String(index).padStart(5, '0')}.mov`,
    priority: index < 3 ? 10 : 0,
    reason: REASONS[index % REASONS.length] ?? { kind: 'slot' },
  }));
}

function failedJobs(): EndedJob[] {
  const base = { jobType: 'generate_video_proxies', claimedAt: ago(1000), wallMs: 640 } as const;
  const ended = (number: number, sourcePath: string, ending: EndedJob['ending'], jobType?: JobType): EndedJob => ({
    ...base,
    jobId: uuidOf(number),
    assetUuid: uuidOf(number + 100),
    sourcePath,
    endedAt: ago(number),
    ending,
    ...(jobType === undefined ? {} : { jobType }),
  });
  const command = ['/usr/bin/ffmpeg', '-nostdin', '-i', '/media/RUSHES/it’s a clip.mov', '-c:v', 'libx264', 'out.mp4'];
  return [
    ended(301, 'RUSHES/2026-03-02/A-cam/A003C015_260302_R1XK.mov', {
      kind: 'failed',
      failure: failure('SOURCE_UNREADABLE', unfinished('A003C015_260302_R1XK.mov'), {
        command,
        exitCode: 183,
        lastLines: [
          '[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55d3c8] moov atom not found',
          'fd:3: Invalid data found when processing input',
        ],
      }),
    }),
    ended(302, 'RUSHES/2026-03-02/A-cam/A003C016_260302_R1XK.mov', {
      kind: 'failed',
      failure: failure('ENCODE_FAILED', 'Encoding the proxy failed: the tool crashed (SIGSEGV).', {
        command,
        signal: 'SIGSEGV',
        lastLines: [],
      }),
    }),
    ended(303, 'SOUND/roomtone.wav', {
      kind: 'failed',
      failure: failure('UPLOAD_FAILED', 'The upload of proxy.mp4 failed: the server’s disk is full.'),
    }),
    ended(304, HOSTILE_NAME, { kind: 'cancelled' }, 'generate_thumbnails'),
    ended(305, 'RUSHES/long take.mov', { kind: 'lease-lost' }),
    ended(306, 'RUSHES/still copying.mov', {
      kind: 'given-back',
      failure: failure('SOURCE_GROWING', 'The file grew between two looks.'),
    }),
  ];
}

/** Tools, graphics processor, roots and a capability whose proof failed. */
function machine(): Partial<Snapshot> {
  const idle = sampleSnapshot();
  return {
    agent: { ...idle.agent, startedAt: ago(7200) },
    server: { ...idle.server, since: ago(7100), lastContactAt: ago(2) },
    capabilities: idle.capabilities.map((capability) => {
      const ranAt = ago(7190);
      if (capability.proof.status !== 'passed') return capability;
      if (capability.name !== 'speech.transcription@1') return { ...capability, proof: { ...capability.proof, ranAt } };
      return {
        ...capability,
        declared: false,
        proof: {
          status: 'missing',
          reason: {
            code: 'SPEECH_MODEL_NOT_CHOSEN',
            message: 'No speech model is set.',
            nextStep: 'Choose a whisper.cpp model file (ggml) in the settings.',
          },
        },
      };
    }),
    tools: [
      { name: 'ffmpeg', found: true, path: '/usr/bin/ffmpeg', version: '5.1.6', origin: 'PATH' },
      { name: 'ffprobe', found: true, path: '/usr/bin/ffprobe', version: '5.1.6', origin: 'PATH' },
      {
        name: 'speech-model',
        found: false,
        problem: {
          code: 'NOT_FOUND',
          message: 'No model file is set.',
          nextStep: 'Choose a whisper.cpp model file (ggml) in the settings.',
        },
      },
    ],
    accelerators: [
      {
        name: 'Vendor GPU 4000',
        driver: '550.90',
        memoryMb: 16_384,
        encoders: [
          { encoder: 'h264_nvenc', pixelFormat: 'yuv420p', proved: false, reason: 'The driver refused the device.' },
          { encoder: 'h264_vaapi', pixelFormat: 'nv12', proved: true },
        ],
      },
    ],
    roots: [
      { name: 'RUSHES', path: '/media/rushes', readable: true, checkedAt: ago(20) },
      {
        name: 'ARCHIVE',
        path: '/mnt/archive',
        readable: false,
        checkedAt: ago(20),
        problem: {
          code: 'STORAGE_UNAVAILABLE',
          message: 'The folder does not answer.',
          nextStep: 'Reconnect the share.',
        },
      },
    ],
  };
}
