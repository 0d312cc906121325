import type { WaitingJob, WaitReason } from '../../shared/snapshot.ts';
import type { QueueOverview } from '../../shared/snapshot.ts';
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
