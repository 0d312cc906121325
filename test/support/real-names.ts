import { basename } from 'node:path';
import { CUT_ADVICE } from '../../electron/work/media/media-names.ts';
import { failure } from '../../shared/failure.ts';
import type { JobType } from '../../shared/job.ts';
import type {
  EndedArtifact,
  EndedJob,
  Ending,
  QueueOverview,
  RunningJob,
  Snapshot,
  WaitingJob,
  WaitReason,
} from '../../shared/snapshot.ts';
import { uuidOf } from './sample-snapshot.ts';

/** Forty names as they come from cards, recorders and phones in one day of a shoot. */
export const REAL_NAMES: readonly string[] = [
  ...Array.from(
    { length: 12 },
    (_, n) => `RUSHES/D04_2026-03-02/A-cam/A007R1AB/A007C0${String(n + 1).padStart(2, '0')}_260302_R1AB.mov`,
  ),
  ...Array.from({ length: 8 }, (_, n) => `RUSHES/D04_2026-03-02/B-cam/B003_0302${String(14 + n)}_C00${n + 1}.mxf`),
  ...Array.from(
    { length: 6 },
    (_, n) => `RUSHES/D04_2026-03-02/DRONE/DJI_20260302${String(101_533 + n * 417)}_00${String(41 + n)}_D.MP4`,
  ),
  ...Array.from(
    { length: 6 },
    (_, n) => `SOUND/D04_2026-03-02/26Y03M02_T0${String(17 + n)}_Sc12${'ABC'[n % 3] ?? 'A'}.wav`,
  ),
  'RUSHES/D04_2026-03-02/INTERVIEW/Interview Élodie Marchand – plan large, questions du public.mov',
  'RUSHES/D04_2026-03-02/INTERVIEW/Interview Élodie Marchand – plan serré, questions du public.mov',
  'RUSHES/D04_2026-03-02/PHONE/IMG_4471.HEIC',
  'RUSHES/D04_2026-03-02/PHONE/IMG_4472.MOV',
  'RUSHES/D04_2026-03-02/PHONE/PXL_20260302_161233987.TS.mp4',
  'ARCHIVE/INA/1974-06-11 Journal de vingt heures, bobine 2.mov',
  'RUSHES/D04_2026-03-02/GOPRO/GX010112.MP4',
  'RUSHES/D04_2026-03-02/GOPRO/GX020112.MP4',
];

const VIDEO = ['generate_video_proxies', 'generate_thumbnails', 'generate_audio_waveform', 'transcribe_audio'];
const TYPES: Readonly<Record<string, readonly string[]>> = {
  wav: ['generate_video_proxies', 'generate_audio_waveform', 'transcribe_audio'],
  HEIC: ['generate_thumbnails'],
};

/** Every name with the jobs that fit it; the archive is not mounted, and no speech model was chosen. */
export function realQueue(): WaitingJob[] {
  return REAL_NAMES.flatMap((sourcePath, file) =>
    (TYPES[sourcePath.split('.').at(-1) ?? ''] ?? VIDEO).map((jobType, index) => ({
      jobId: uuidOf(20_000 + file * 10 + index),
      jobType,
      sourcePath,
      priority: 0,
      reason: reasonOf(sourcePath, jobType),
    })),
  );
}

function reasonOf(sourcePath: string, jobType: string): WaitReason {
  if (sourcePath.startsWith('ARCHIVE')) return { kind: 'root-unavailable', root: 'ARCHIVE' };
  if (jobType === 'transcribe_audio') return { kind: 'no-capability', capability: 'speech.transcription@1' };
  return { kind: 'slot' };
}

/** What the agent says of a file without its index (electron/work/media/probe-source.ts). */
export function unfinished(path: string): string {
  return `“${basename(path)}” cannot be read: its index is missing, so the recording or copy was not finished; ${CUT_ADVICE}.`;
}

export function realOverview(added: (secondsAgo: number) => string): QueueOverview {
  const pending = { generate_video_proxies: 39, generate_thumbnails: 34, generate_audio_waveform: 39 };
  const batch = (number: number, secondsAgo: number, files: number, filesEnded: number, filesFailed: number) => ({
    batch: uuidOf(900 + number),
    addedAt: added(secondsAgo),
    files,
    filesEnded,
    filesFailed,
    jobs: files * 4,
    pending,
  });
  return {
    files: 40,
    heldJobs: 3,
    heldFiles: 1,
    pending,
    batches: [batch(1, 5400, 203, 175, 3), batch(2, 600, 12, 0, 0)],
  };
}

/** The middle of that day: most is made, some is being made, some could not be. `added` answers an instant so long ago. */
export function realDay(added: (secondsAgo: number) => string): Partial<Snapshot> {
  const done = REAL_NAMES.slice(0, 28).flatMap((path, file) =>
    ['generate_audio_waveform', 'generate_thumbnails', 'generate_video_proxies'].flatMap((type, index) =>
      BROKEN.includes(file) ||
      (file === RUNS && type !== 'generate_thumbnails') ||
      (path.endsWith('.wav') && type === 'generate_thumbnails')
        ? []
        : [ended(file, type as JobType, added((file % 9) * 40 + index + (file > 14 ? 86_400 : 0)), made(type, file))],
    ),
  );
  const failures = BROKEN.flatMap((file) =>
    ['generate_video_proxies', 'generate_audio_waveform'].map((type) =>
      ended(file, type as JobType, added(900 + file), {
        kind: 'failed',
        failure: failure('SOURCE_UNREADABLE', unfinished(REAL_NAMES[file] ?? '')),
      }),
    ),
  );
  const more = [
    ended(32, 'generate_video_proxies', added(300), {
      kind: 'failed',
      failure: failure('ENCODE_FAILED', 'Encoding the proxy failed: the tool crashed (SIGSEGV).', {
        signal: 'SIGSEGV',
        lastLines: [],
      }),
    }),
    ended(33, 'generate_video_proxies', added(350), { kind: 'cancelled' }),
  ];
  const waiting = realQueue().filter(({ sourcePath }) => REAL_NAMES.indexOf(sourcePath) > 33);
  return {
    done: done.sort((a, b) => b.endedAt.localeCompare(a.endedAt)),
    failures: [...failures, ...more].sort((a, b) => b.endedAt.localeCompare(a.endedAt)),
    running: [runs(RUNS, 'generate_video_proxies', 0.374, added), runs(RUNS, 'generate_audio_waveform', 0.81, added)],
    waiting: [
      { jobId: uuidOf(20_253), jobType: 'transcribe_audio', sourcePath: nameOf(RUNS), priority: 0, reason: SPEECH },
      ...waiting,
    ],
    queue: realOverview(added),
    totals: { done: done.length, doneFiles: 28 - BROKEN.length, failed: failures.length + 1, givenBack: 1 },
    backlog: {
      byStatus: { pending: waiting.length, claimed: 2, completed: done.length, failed: 9 },
      byMissingCapability: {},
    },
  };
}

/** Files, by their number: the one that is worked on, and those that the drone could not close. */
const RUNS = 25;
const BROKEN: readonly number[] = [20, 21, 22, 23];
const SPEECH: WaitReason = { kind: 'no-capability', capability: 'speech.transcription@1' };
const nameOf = (file: number): string => REAL_NAMES[file] ?? '';
/** The file's number in REAL_NAMES. */
export const realAsset = (file: number): string => uuidOf(30_000 + file);

function made(type: string, file: number): Ending {
  const picture: EndedArtifact = {
    ...{ kind: 'thumb', ref: `still-${file}`, contentType: 'image/webp', sizeBytes: 9000, timeMs: 1000 },
    ...{ width: 480, height: 270 },
  };
  return { kind: 'done', artifacts: type === 'generate_thumbnails' ? [picture] : [], warnings: [] };
}

function ended(file: number, jobType: JobType, endedAt: string, ending: Ending): EndedJob {
  const claimedAt = new Date(Date.parse(endedAt) - 12_000).toISOString();
  const jobId = uuidOf(40_000 + file * 10 + VIDEO.indexOf(jobType));
  return {
    jobId,
    jobType,
    assetUuid: realAsset(file),
    sourcePath: nameOf(file),
    claimedAt,
    endedAt,
    wallMs: 12_000,
    ending,
  };
}

function runs(file: number, jobType: JobType, progress: number, added: (secondsAgo: number) => string): RunningJob {
  return {
    ...{ jobId: uuidOf(jobType === 'generate_video_proxies' ? 1 : 2), jobType, assetUuid: realAsset(file) },
    ...{ sourcePath: nameOf(file), stage: 'encoding', progress, claimedAt: added(84), stageSince: added(80) },
    ...(jobType === 'generate_video_proxies' ? { encoder: 'libx264' } : {}),
    ...{ delivering: false, cancelRequested: false, suspended: false },
  };
}
