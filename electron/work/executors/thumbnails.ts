import { DEFAULT_THUMBNAIL_PROFILE, THUMBNAIL_PROFILES, type ThumbnailProfile } from '../../../shared/profiles.ts';
import type { ThumbFacts } from '../../../shared/facts.ts';
import { argv } from '../media/argv.ts';
import { imageKindOf } from '../media/image-kind.ts';
import { seal } from '../workspace/workspace.ts';
import type {
  Artifact,
  ExecutionContext,
  ExecutionSuccess,
  Executor,
  ProfileProof,
  ProofSample,
} from '../execution.ts';
import { knownProfile } from './known-profile.ts';
import { checkPicture, type RenderedPicture, type RenderedPictures } from './thumbnails-rendered.ts';
import { renderPhoto } from './thumbnails-photo.ts';
import { renderVideo } from './thumbnails-video.ts';

/** A thousand tiles of an upright phone's picture (320 × 568, 3 bytes for 2 pixels) before they are put on sheets. */
const ESTIMATE_BYTES = 1000 * 320 * 568 * 1.5;

/**
 * JOB-TYPES §3.2: small pictures of a recording, or one of a photo. Failures: UNKNOWN_PROFILE, NO_VIDEO_TRACK,
 * SOURCE_UNREADABLE, UNSUPPORTED_MEDIA (fatal), RENDER_FAILED and what ends a tool from outside (retryable).
 */
export function createThumbnailExecutor(): Executor<'generate_thumbnails'> {
  return {
    jobType: 'generate_thumbnails',
    needs: ['ffmpeg', 'ffprobe', 'media-worker'],
    estimateBytes: () => ESTIMATE_BYTES,
    execute,
    proof: {
      what: 'Makes one thumbnail of a one-second clip and reads it back.',
      sample: {
        fileName: 'proof-thumbnails.mp4',
        args: '-f lavfi -i testsrc2=s=640x360:r=25:d=1 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -f mp4'.split(
          ' ',
        ),
      },
      inputs: { thumbnailProfile: DEFAULT_THUMBNAIL_PROFILE },
      check: checkProof,
      profiles: [storyboardProof(), spriteProof()],
    },
  };
}

async function execute(
  context: ExecutionContext<'generate_thumbnails'>,
): Promise<ExecutionSuccess<'generate_thumbnails'>> {
  const profile = knownProfile<ThumbnailProfile>(
    THUMBNAIL_PROFILES,
    'thumbnail profile',
    context.job.thumbnailProfile ?? DEFAULT_THUMBNAIL_PROFILE,
  );
  const isPhoto = (await imageKindOf(context.source.fd)) !== null;
  const rendered = isPhoto ? await renderPhoto(context, profile) : await renderVideo(context, profile);
  context.report.stage('verifying');
  const artifacts: Artifact[] = [];
  const thumbs: { artifact: number; facts: ThumbFacts }[] = [];
  for (const [number, picture] of rendered.pictures.entries()) {
    await checkPicture(context.workspace, picture.temporary, picture.size, rendered.command);
    const file = `${picture.tiles === undefined ? 'thumb' : 'sheet'}_${String(number).padStart(3, '0')}.webp`;
    const sealed = await seal(context.workspace, picture.temporary, file);
    artifacts.push({ kind: 'thumb', file, contentType: profile.image.contentType, ...sealed });
    for (const facts of factsOf(picture)) {
      thumbs.push({ artifact: number, facts: { index: thumbs.length, ...facts } });
    }
  }
  context.report.progress(1);
  return {
    artifacts,
    outputs: { jobType: 'generate_thumbnails', thumbs },
    ...(rendered.facts === undefined ? {} : { facts: rendered.facts }),
    warnings: warningsOf(rendered),
    metrics: rendered.metrics,
  };
}

/** One entry for a frame; for a sheet one for each of its tiles, with the sheet's size. */
function factsOf({ size, time, tiles }: RenderedPicture): Omit<ThumbFacts, 'index'>[] {
  if (tiles === undefined) return [{ time_ms: toMs(time), ...size }];
  return tiles.map(({ time: at, ...tile }) => ({ time_ms: toMs(at), ...size, tile }));
}

function warningsOf(rendered: RenderedPictures): ExecutionSuccess['warnings'] {
  const warnings = rendered.warnings ?? [];
  if (rendered.decodeErrors === 0) return warnings;
  const message = 'Parts of the recording are damaged; the pictures were made from what could be read.';
  return [...warnings, { code: 'SOURCE_DAMAGED', message, count: rendered.decodeErrors }];
}

function toMs(seconds: number): number {
  return Math.max(0, Math.round(seconds * 1000));
}

/** A clip of a few bytes a picture: only what the tool is asked for is wanted of it. */
const small = (fileName: string, seconds: number, rate: number): ProofSample => ({
  fileName,
  args: argv(
    `-f lavfi -i testsrc2=s=160x90:r=${rate}:d=${seconds} -c:v libx264 -preset ultrafast -g 1000 -pix_fmt yuv420p -f mp4`,
  ),
});

/** A short recording is decoded as a whole, in a long one each picture is sought. */
function storyboardProof(): ProfileProof<'generate_thumbnails'> {
  const profile = THUMBNAIL_PROFILES.video_storyboard_v1;
  return {
    profile: profile.name,
    options: profile,
    samples: [small('proof-short.mp4', 2, 10), small('proof-long.mp4', 20, 5)],
    inputs: { thumbnailProfile: profile.name },
    check: ({ outputs: { thumbs } }) =>
      thumbs.length === profile.count ? null : `${thumbs.length} of ${profile.count} pictures were made`,
  };
}

/** As above, and two sheets of tiles. */
function spriteProof(): ProfileProof<'generate_thumbnails'> {
  const profile = THUMBNAIL_PROFILES.scrub_sprite_v1;
  const long = profile.columns * profile.rows + profile.columns;
  return {
    profile: profile.name,
    options: profile,
    samples: [small('proof-short.mp4', 3, 10), small('proof-long.mp4', long, 2)],
    inputs: { thumbnailProfile: profile.name },
    check: ({ artifacts, outputs: { thumbs } }) => {
      if (thumbs.length !== 3 && thumbs.length !== long) return `a sheet has ${thumbs.length} tiles`;
      return artifacts.length === Math.ceil(thumbs.length / (profile.columns * profile.rows))
        ? null
        : `${artifacts.length} sheets were made`;
    },
  };
}

function checkProof(success: ExecutionSuccess<'generate_thumbnails'>): string | null {
  const thumb = success.outputs.thumbs[0];
  if (thumb === undefined) return 'no picture was made';
  if (thumb.facts.width !== 480 || thumb.facts.height !== 270) {
    return `the picture is ${thumb.facts.width} × ${thumb.facts.height} instead of 480 × 270`;
  }
  return null;
}
