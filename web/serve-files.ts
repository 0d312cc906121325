import { createReadStream } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { SECURITY_HEADERS } from './security-headers.ts';
import type { StaticFile } from './static-files.ts';

/** Serves a page's files, each under its exact address and with the headers that every answer to a page carries. */
export function serveFiles(app: FastifyInstance, files: ReadonlyMap<string, StaticFile>): void {
  for (const [url, file] of files) {
    app.get(url, (_request, reply) =>
      reply
        .headers(SECURITY_HEADERS)
        .header('content-type', file.contentType)
        .header('cache-control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
        .send(createReadStream(file.path)),
    );
  }
}
