import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGzip } from 'node:zlib';
import { expect, it } from 'vitest';
import { createClient } from '../../electron/agent/server/client.ts';

it('an answer that grows beyond any of the protocol is not read to its end', async () => {
  let sent = 0;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    const gzip = createGzip();
    gzip.pipe(response);
    gzip.write('{"items":[], "more": "');
    // Four gigabytes of spaces, a thousandth of it on the wire.
    const spaces = Buffer.alloc(1 << 20, 0x20);
    const more = (): void => {
      while (sent < 4096 && !response.destroyed) {
        sent += 1;
        if (!gzip.write(spaces)) return void gzip.once('drain', more);
      }
      gzip.end('"}');
    };
    more();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = createClient({
    serverUrl: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    fetch,
    credentials: () => ({ token: 'a-token' }),
    monotonic: () => 0,
  });
  const reply = await client.jobs();
  expect(reply).toMatchObject({ answer: 'malformed', summary: 'jobs: an answer of more than 16 MB' });
  expect(sent).toBeLessThan(2048);
  server.closeAllConnections();
  server.close();
});
