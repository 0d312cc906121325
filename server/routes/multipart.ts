import type { FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import type { ReceivedFile } from '../derived/store.ts';
import { badRequest, lockRequired, parseOrRefuse, unsupportedMediaType, validationFailed } from '../problem.ts';
import { PartFields } from '../uploads/part-fields.ts';

/** Uploads begun under a larger part size (another configuration) can still be finished up to this. */
const LARGEST_PART_BYTES = 64 * 1024 * 1024;
/** Boundaries, part headers and the text fields. */
const OVERHEAD_BYTES = 64 * 1024;

interface ReadPart {
  readonly fields: PartFields;
  readonly file: ReceivedFile;
  readonly declaredSha256: string | undefined;
}

/**
 * Streams the one file of a part to disk and collects the text fields, in whichever order they come: only then is it
 * known which upload it is for. Nothing stays on disk when the form is wrong. @throws Problem 400, 415, 422, 423
 */
export async function readPart(context: Context, request: FastifyRequest): Promise<ReadPart> {
  if (!request.isMultipart()) throw unsupportedMediaType('A part is sent as multipart/form-data.');
  const limit = Math.max(context.settings.maxPartSizeBytes, LARGEST_PART_BYTES);
  if (Number(request.headers['content-length'] ?? 0) > limit + OVERHEAD_BYTES) {
    throw validationFailed([{ field: 'chunk', message: `is larger than any part may be (${limit} bytes)` }]);
  }
  const texts: Record<string, unknown> = {};
  let file: ReceivedFile | undefined;
  try {
    const limits = { fileSize: limit + 1, files: 1, fields: 8, parts: 9, fieldSize: 4_096 };
    for await (const part of request.parts({ limits })) {
      if (part.type === 'field') texts[part.fieldname] = part.value;
      else if (part.fieldname === 'chunk') file = await context.files.receivePart(part.file);
      else part.file.resume();
    }
    const fields = fieldsOf(texts);
    if (file === undefined) throw validationFailed([{ field: 'chunk', message: 'is missing' }]);
    return { fields, file, declaredSha256: singleHeader(request.headers['x-part-sha256']) };
  } catch (error) {
    if (file !== undefined) await context.files.discardPart(file.fileName);
    throw isMalformed(error) ? badRequest(`The form is not well-formed: ${error.message}.`) : error;
  }
}

/** The parser throws bare errors; what the disk or the database throws has a code, and a mistake of ours a type. */
function isMalformed(error: unknown): error is Error {
  return error instanceof Error && Object.getPrototypeOf(error) === Error.prototype && !('code' in error);
}

function fieldsOf(texts: Readonly<Record<string, unknown>>): PartFields {
  if (texts['lock_token'] === undefined || texts['lock_token'] === '') throw lockRequired();
  return parseOrRefuse(PartFields, texts);
}

function singleHeader(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}
