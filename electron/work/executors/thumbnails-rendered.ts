import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, JobFailure } from '../../../shared/failure.ts';
import type { TechnicalMetadata, Warning } from '../../../shared/facts.ts';
import type { PictureSize } from '../media/thumbnail-args.ts';
import { WEBP_HEADER_BYTES, webpSize } from '../media/thumbnail-webp.ts';

/** Pictures that lie in the workspace under temporary names, in time order. */
export interface RenderedPictures {
  readonly pictures: readonly RenderedPicture[];
  /** The command that made the last of them, for a report. */
  readonly command: readonly string[];
  readonly decodeErrors: number;
  readonly warnings?: readonly Warning[];
  /** Of a recording; a photo has none yet. */
  readonly facts?: TechnicalMetadata;
  readonly metrics: Readonly<Record<string, unknown>>;
}

export interface RenderedPicture {
  readonly temporary: string;
  readonly size: PictureSize;
  /** Seconds; of a sheet, the first tile's. */
  readonly time: number;
  /** What a sheet shows, in time order; absent: the picture is one frame. */
  readonly tiles?: readonly Tile[];
}

export interface Tile {
  readonly time: number;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Exit code 0 is never enough: the file must be a WebP of exactly the size we report. Throws RENDER_FAILED. */
export async function checkPicture(
  folder: string,
  name: string,
  size: PictureSize,
  command: readonly string[],
): Promise<void> {
  const head = Buffer.alloc(WEBP_HEADER_BYTES);
  const file = await open(join(folder, name), 'r').catch((cause: unknown) => {
    throw renderFailed('The thumbnail was not written.', command, cause);
  });
  try {
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const found = webpSize(head.subarray(0, bytesRead));
    if (found === null) throw renderFailed('The thumbnail is empty or no WebP.', command);
    if (found.width !== size.width || found.height !== size.height) {
      const is = `${found.width} × ${found.height}`;
      throw renderFailed(`The thumbnail is ${is} instead of ${size.width} × ${size.height}.`, command);
    }
  } finally {
    await file.close();
  }
}

function renderFailed(message: string, command: readonly string[], cause?: unknown): JobFailure {
  return new JobFailure(failure('RENDER_FAILED', message, { command: [...command] }), { cause });
}
