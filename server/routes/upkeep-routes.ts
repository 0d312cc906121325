import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ScrubRequest } from '../../shared/wire-operators.ts';
import { iso, type Context } from '../context.ts';
import { backupLines } from '../upkeep/backup-file.ts';
import { checkFiles } from '../upkeep/check.ts';
import { scrubFiles } from '../upkeep/scrub.ts';
import { admin, operator, route, type Route } from './route.ts';

const CheckQuery = z.object({
  hashes: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .default(false),
});

/** What looks after the catalogue while it is served. Each answers lines of JSON as they come. */
export const UPKEEP_ROUTES: readonly Route[] = [
  route({
    ...admin,
    method: 'GET',
    path: '/backup',
    operationId: 'readBackup',
    summary:
      'Every row of the catalogue as it is at one moment, as gzip of lines of JSON; the derived files are not in it.',
    statuses: [],
    handle: async ({ context, reply }) => sendBackup(context, reply),
  }),
  route({
    ...operator,
    method: 'GET',
    path: '/check',
    operationId: 'checkFiles',
    summary:
      'Holds rows against derived files; `hashes=true` reads each. A line for each finding, and the sums at last.',
    query: CheckQuery,
    statuses: [422],
    handle: async ({ context, query, reply }) => sendLines(reply, checkFiles(context, query.hashes)),
  }),
  route({
    ...operator,
    method: 'POST',
    path: '/scrub',
    operationId: 'scrubFiles',
    summary:
      'Forgets derived files that are missing or damaged and offers their jobs again; 409 where more than a tenth is missing, unless by force.',
    body: ScrubRequest,
    statuses: [409, 422],
    handle: async ({ context, body, by, reply }) => sendLines(reply, scrubFiles(context, body, by)),
  }),
];

async function sendBackup(context: Context, reply: FastifyReply): Promise<Readable> {
  const snapshot = await context.snapshot();
  async function* lines(): AsyncGenerator<string> {
    try {
      yield* backupLines(snapshot.queries, iso(context.clock()));
    } finally {
      await snapshot.release();
    }
  }
  reply.header('content-type', 'application/gzip');
  return pipeline(Readable.from(lines()), createGzip(), (error) => {
    if (error) context.log.warn({ err: error }, 'a backup was not read to its end');
  });
}

/** The first line is waited for, so that what is refused is refused with a status. */
async function sendLines(reply: FastifyReply, found: AsyncGenerator<unknown, unknown>): Promise<Readable> {
  const first = await found.next();
  async function* lines(): AsyncGenerator<string> {
    try {
      for (let next = first; ; next = await found.next()) {
        yield `${JSON.stringify(next.done === true ? { sums: next.value } : next.value)}\n`;
        if (next.done === true) return;
      }
    } finally {
      await found.return(undefined);
    }
  }
  reply.header('content-type', 'application/x-ndjson');
  return Readable.from(lines());
}
