import { basename, join } from 'node:path';
import { failure, JobFailure, type FailureCode } from '../../../shared/failure.ts';
import type { ThumbnailProfile } from '../../../shared/profiles.ts';
import { PhotoAnswer, type PhotoRequest } from '../media-worker/protocol.ts';
import { imageKindOf, type ImageKind } from '../media/image-kind.ts';
import { toolDetail, toolFailure } from '../media/tool-failure.ts';
import type { ChildResult } from '../process/child.ts';
import { nodeProgram } from '../process/spawn-node.ts';
import type { ExecutionContext } from '../execution.ts';
import type { RenderedPictures } from './thumbnails-rendered.ts';

/** What people call the kinds that the worker does not decode; the others are absent. */
const NOT_YET: Partial<Record<ImageKind, string>> = {
  gif: 'a GIF picture',
  bmp: 'a BMP picture',
  psd: 'a Photoshop document',
  jxl: 'a JPEG XL picture',
  jp2: 'a JPEG 2000 picture',
  exr: 'an OpenEXR picture',
  dpx: 'a DPX picture',
};

const WALL_MS = 120_000;
/** Pictures are read row by row, or refused where they would have to be held whole (media-worker/photo.ts). */
const RESIDENT_BYTES = 1024 ** 3;

/** One picture of a photo, at time 0, through the media worker. Throws JobFailure. */
export async function renderPhoto(
  context: ExecutionContext<'generate_thumbnails'>,
  profile: ThumbnailProfile,
): Promise<RenderedPictures> {
  const name = basename(context.source.path);
  const kind = await imageKindOf(context.source.fd);
  const refused = kind === null ? undefined : NOT_YET[kind];
  if (refused !== undefined) {
    const message = `“${name}” is ${refused}, which this agent cannot decode; save it as JPEG or TIFF first.`;
    throw new JobFailure(failure('UNSUPPORTED_MEDIA', message, { subject: kind ?? name }));
  }
  context.report.stage('rendering');
  const temporary = 'photo.part';
  const { width, quality, effort } = profile.image;
  const request: PhotoRequest = {
    task: 'photo',
    kind: kind === 'heif' || kind === 'avif' || kind === 'camera-raw' ? kind : 'plain',
    input: context.source.input,
    output: join(context.workspace, temporary),
    width,
    quality,
    effort,
  };
  const worker = nodeProgram('media-worker');
  const result = await context.processes.run({
    ...worker,
    cwd: context.workspace,
    descriptors: [context.source.fd],
    stdin: JSON.stringify(request),
    stdout: { kind: 'collect', maxBytes: 1 << 20 },
    limits: { wallMs: WALL_MS, residentBytes: RESIDENT_BYTES },
  });
  const answer = readAnswer(result);
  if (!answer.ok) {
    const message = sentence(name, answer.code, answer.because);
    const detail = { ...toolDetail(result), lastLines: [...result.stderrTail, answer.reason].slice(-40) };
    throw new JobFailure(failure(answer.code, message, detail));
  }
  return {
    pictures: [{ temporary, time: 0, size: { width: answer.width, height: answer.height } }],
    command: result.command,
    decodeErrors: 0,
    metrics: { decoder: answer.library, profile: profile.name, image: kind },
  };
}

function sentence(name: string, code: FailureCode, because = 'is damaged or incomplete'): string {
  switch (code) {
    case 'SOURCE_UNREADABLE':
      return `“${name}” cannot be read: the photo ${because}.`;
    case 'UNSUPPORTED_MEDIA':
      return `“${name}” cannot be shown: the photo ${because}; save it as JPEG or TIFF first.`;
    default:
      return `The thumbnail of “${name}” could not be written.`;
  }
}

function readAnswer(result: ChildResult): PhotoAnswer {
  const activity = 'Rendering the photo';
  if (result.end.kind !== 'exited' || result.end.code !== 0) {
    throw new JobFailure(toolFailure(result, 'RENDER_FAILED', activity));
  }
  try {
    return PhotoAnswer.parse(JSON.parse(result.stdout.toString('utf8')));
  } catch (cause) {
    const message = `${activity} failed: the media worker gave no readable answer.`;
    throw new JobFailure(failure('RENDER_FAILED', message, toolDetail(result)), { cause });
  }
}
