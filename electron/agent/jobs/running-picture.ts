import type { RunningJob } from '../../../shared/snapshot.ts';
import { ffmpegStart, inputArgs } from '../../work/media/input.ts';
import type { OpenSource } from '../../work/storage/open-source.ts';
import { createWorkspace, removeWorkspace } from '../../work/workspace/workspace.ts';
import type { AgentServices } from './services.ts';

type PictureServices = Pick<
  AgentServices,
  'store' | 'roots' | 'toolbox' | 'createProcesses' | 'workFolder' | 'uuid' | 'log'
>;

/** Pictures of files that are being worked on: made when somebody looks, once for each file, and kept in memory. */
interface RunningPictures {
  /** 204 where there is none, which is no error: nothing runs for the file, it stands still, it has no picture. */
  find(assetUuid: string): Promise<Response>;
}

/** One JPEG has some 30 kB. */
const KEPT = 32;
const MAX_BYTES = 4_000_000;
/** A key frame is found at once, or the share is slow; nobody waits longer for a picture beside a progress bar. */
const WALL_MS = 20_000;
const ADDRESS_SPACE = 16 * 1024 ** 3;
const EDGE = 480;

export function createRunningPictures(services: PictureServices): RunningPictures {
  const known = new Map<string, Promise<Buffer | null>>();
  return {
    async find(assetUuid) {
      const job = services.store.snapshot().running.find((each) => each.assetUuid === assetUuid && hasBegun(each));
      if (job === undefined) return absent();
      let picture = known.get(assetUuid);
      if (picture === undefined) {
        picture = firstKeyFrame(services, job).catch((error: unknown) => {
          services.log.debug({ err: error, job_id: job.jobId }, 'no picture of a running job');
          return null;
        });
        known.set(assetUuid, picture);
        for (const oldest of known.keys()) if (known.size > KEPT) known.delete(oldest);
      }
      const bytes = await picture;
      return bytes === null ? absent() : shown(bytes);
    },
  };
}

/** Its tools are known then and its source was looked at; while it stands still nothing else may run for it either. */
function hasBegun({ stage, suspended }: RunningJob): boolean {
  return stage !== 'claimed' && !suspended;
}

async function firstKeyFrame(services: PictureServices, job: RunningJob): Promise<Buffer | null> {
  const ffmpeg = services.toolbox()?.ffmpeg.path;
  if (ffmpeg === undefined) return null;
  const opened = await services.roots.open(job.sourcePath);
  try {
    return await grabbed(services, job, ffmpeg, opened);
  } finally {
    await opened.handle.close();
  }
}

async function grabbed(
  { store, createProcesses, workFolder, uuid }: PictureServices,
  { jobId }: RunningJob,
  ffmpeg: string,
  { source }: OpenSource,
): Promise<Buffer | null> {
  const runId = uuid();
  const cwd = await createWorkspace(workFolder, runId);
  const processes = createProcesses(runId, jobId);
  // It is part of the job: it ends with it, and gives the machine back with it.
  const unsubscribe = store.subscribe((event) => {
    const stops = event.type === 'suspensionChanged' && event.suspended && event.jobId === jobId;
    if (stops || (event.type === 'jobEnded' && event.job.jobId === jobId)) void processes.kill();
  });
  try {
    const { end, stdout } = await processes.run({
      program: ffmpeg,
      args: keyFrameArgs(source.input),
      cwd,
      descriptors: [source.fd],
      stdout: { kind: 'collect', maxBytes: MAX_BYTES },
      limits: { wallMs: WALL_MS, addressSpaceBytes: ADDRESS_SPACE },
    });
    return end.kind === 'exited' && end.code === 0 && stdout.length > 0 ? stdout : null;
  } finally {
    unsubscribe();
    await removeWorkspace(cwd);
  }
}

/** The first key frame, upright and with square pixels, as a JPEG on stdout. Pure. */
function keyFrameArgs(input: string): string[] {
  const square = `scale=trunc(iw*sar/2)*2:ih,setsar=1`;
  const fitted = `scale=${EDGE}:${EDGE}:force_original_aspect_ratio=decrease:force_divisible_by=2`;
  return [
    ...ffmpegStart(),
    ...inputArgs(input, { before: ['-threads', '1', '-skip_frame', 'nokey'] }),
    ...['-map', '0:v:0', '-frames:v', '1', '-vf', `${square},${fitted},format=yuvj420p`],
    ...['-c:v', 'mjpeg', '-q:v', '4', '-threads', '1', '-f', 'image2pipe', 'pipe:1'],
  ];
}

function shown(bytes: Buffer): Response {
  const headers = { 'content-type': 'image/jpeg', 'content-length': String(bytes.length) };
  return new Response(new Uint8Array(bytes), { headers });
}

const absent = (): Response => new Response(null, { status: 204 });
