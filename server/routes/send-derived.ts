import type { FastifyReply, FastifyRequest } from 'fastify';
import { readableDerived } from '../assets/derived.ts';
import type { Context } from '../context.ts';
import { notFound, Problem } from '../problem.ts';
import { parseRange, type Range } from '../../shared/byte-range.ts';

/**
 * Sends a derived file: whole (200), a range of it (206), nothing new (304), or 416; with `direct` the address of it in its
 * store (307), for whoever follows it without the token. @throws Problem 404, 410, 416
 */
export async function sendDerived(
  context: Context,
  params: Readonly<Record<string, string>>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const row = await readableDerived(context.database, params['uuid'] ?? '', params['ref'] ?? '');
  const etag = `"${row.sha256}"`;
  reply.headers({
    'content-type': row.content_type,
    etag,
    'accept-ranges': 'bytes',
    // It never changes, but it can be purged: ask each time, answered by 304.
    'cache-control': 'private, no-cache',
    'x-content-type-options': 'nosniff',
    // The type is the uploader's word: whatever it says, a browser runs nothing of it.
    'content-security-policy': "default-src 'none'; sandbox",
  });
  if (namesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  if (params['direct'] === 'true' && request.method === 'GET') {
    const url = await context.files.directUrl(row.ref, row.content_type);
    if (url !== null) return reply.code(307).headers({ location: url, 'cache-control': 'no-store' }).send();
  }
  const range = rangeOf(request, row.size_bytes, etag);
  if (range.kind === 'unsatisfiable') {
    reply.header('content-range', `bytes */${row.size_bytes}`).type('application/json');
    throw new Problem(416, 'RANGE_NOT_SATISFIABLE', `The file has ${row.size_bytes} bytes.`);
  }
  const [first, last] = range.kind === 'part' ? [range.first, range.last] : [0, row.size_bytes - 1];
  if (range.kind === 'part') reply.code(206).header('content-range', `bytes ${first}-${last}/${row.size_bytes}`);
  reply.header('content-length', last - first + 1);
  if (request.method === 'HEAD') return reply.send();
  const bytes = await context.files.read(row.ref, { first, last }).catch((error: unknown) => {
    context.log.error({ err: error, ref: row.ref }, 'a derived file could not be read');
    return null;
  });
  if (bytes !== null) return reply.send(bytes);
  reply.removeHeader('content-length').removeHeader('content-range').removeHeader('etag');
  throw notFound('The file is missing on the server’s disk.');
}

/** A range of what the client already has half of is only right while that is still the same file (`If-Range`). */
function rangeOf(request: FastifyRequest, size: number, etag: string): Range {
  const condition = request.headers['if-range'];
  if (condition !== undefined && condition !== etag) return { kind: 'whole' };
  return parseRange(request.headers.range, size);
}

function namesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === etag);
}
