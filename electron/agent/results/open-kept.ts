import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { parseRange } from '../../../shared/byte-range.ts';
import type { KeptResult } from './results.ts';

/** A kept file as an HTTP answer, with `Range` like a server's: 200, 206 or 416. */
export function respondWith(kept: KeptResult, rangeHeader: string | undefined): Response {
  const headers = new Headers({
    'content-type': kept.contentType,
    'accept-ranges': 'bytes',
    etag: `"${kept.sha256}"`,
  });
  const range = parseRange(rangeHeader, kept.sizeBytes);
  if (range.kind === 'unsatisfiable') {
    headers.set('content-range', `bytes */${kept.sizeBytes}`);
    return new Response(null, { status: 416, headers });
  }
  const { first, last } = range.kind === 'part' ? range : { first: 0, last: kept.sizeBytes - 1 };
  headers.set('content-length', String(last - first + 1));
  if (range.kind === 'part') headers.set('content-range', `bytes ${first}-${last}/${kept.sizeBytes}`);
  // One class with fetch's at run time; only their type declarations differ.
  const body = Readable.toWeb(createReadStream(kept.path, { start: first, end: last })) as ReadableStream;
  return new Response(body, { status: range.kind === 'part' ? 206 : 200, headers });
}
