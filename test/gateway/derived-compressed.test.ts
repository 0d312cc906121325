import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../electron/agent/server/client.ts';
import { derivedResponse } from '../../electron/gateway/derived.ts';
import { uuidOf } from '../support/sample-snapshot.ts';

const ASSET = uuidOf(5);
const TEXT = Buffer.from(JSON.stringify({ samples: Array.from({ length: 5_000 }, (_, n) => n % 7) }));

/** A server behind a proxy that compresses what it likes: `polite` asks first whether that is wanted. */
describe.each(['polite', 'rude'])('a %s proxy that compresses', (manners) => {
  let server: Server;
  let url: string;
  const asked: (string | undefined)[] = [];
  beforeAll(async () => {
    server = createServer((request, reply) => {
      const accepted = request.headers['accept-encoding'];
      asked.push(accepted);
      const head = { 'content-type': 'application/json', etag: '"x"', 'accept-ranges': 'bytes' };
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
      const part = range === null ? TEXT : TEXT.subarray(Number(range[1]), Number(range[2]) + 1);
      const compress = manners === 'rude' || accepted?.includes('gzip') === true;
      const sent = compress ? gzipSync(part) : part;
      reply.writeHead(range === null ? 200 : 206, {
        ...head,
        'content-length': sent.length,
        ...(compress ? { 'content-encoding': 'gzip' } : {}),
        ...(range === null ? {} : { 'content-range': `bytes ${range[1]}-${range[2]}/${TEXT.length}` }),
      });
      reply.end(sent);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
  });

  const read = async (range?: string): Promise<Response> => {
    const client = createClient({
      serverUrl: url,
      fetch,
      credentials: () => ({ token: 't' }),
      monotonic: () => performance.now(),
    });
    const openDerived = (asset: string, ref: string, wanted?: string): Promise<Response> =>
      client.derived(asset, ref, wanted, new AbortController().signal);
    const note = (): void => undefined;
    const log = { info: note, warn: note, error: note };
    return derivedResponse({ openDerived }, log, { asset: ASSET, ref: 'waveform', range });
  };

  it('sends no length that is not the length of what is passed on', async () => {
    const answer = await read();
    const told = answer.headers.get('content-length');
    const body = Buffer.from(await answer.arrayBuffer());
    expect([answer.status, body.equals(TEXT)]).toEqual([200, true]);
    expect(told === null || Number(told) === body.length).toBe(true);
    expect(asked.at(-1)).toBe('identity');
  });

  it('of a range passes on exactly that or says that it cannot', async () => {
    const answer = await read('bytes=10-19');
    const body = Buffer.from(await answer.arrayBuffer());
    if (answer.status === 502) return expect(manners).toBe('rude');
    expect([answer.status, answer.headers.get('content-length')]).toEqual([206, '10']);
    expect(body.equals(TEXT.subarray(10, 20))).toBe(true);
  });
});
