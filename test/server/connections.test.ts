import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { send } from './running.ts';

/** A server that may open this many files; Linux tells it so. */
const FILES = 256;
const SERVE = fileURLToPath(new URL('./serve-child.ts', import.meta.url));

async function silent(port: number, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  }
  return sockets;
}

test.skipIf(process.platform !== 'linux')(
  'connections that ask nothing give way to new clients, and a request in progress does not',
  async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'rushcatalog-server-'));
    const command = `ulimit -n ${FILES} && exec "$0" "$@"`;
    const child = spawn('sh', ['-c', command, process.execPath, SERVE, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const sockets: Socket[] = [];
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy();
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      rmSync(dataDir, { recursive: true, force: true });
    });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { url, operatorToken: token } = JSON.parse(line) as { url: string; operatorToken: string };
    const port = Number(new URL(url).port);

    const busy = connect(port, '127.0.0.1').setEncoding('utf8');
    sockets.push(busy);
    const body = JSON.stringify({ source_path: 'RUSHES/a.mov' });
    busy.write(
      `POST /api/v1/assets HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    // Answered on another connection: by then the server has read the head of the first.
    expect((await send(url, '/jobs/summary', { token, headers: { connection: 'close' } })).status).toBe(200);

    sockets.push(...(await silent(port, 2 * FILES)));
    for (let index = 0; index < 3; index += 1) {
      const { status } = await send(url, '/jobs/summary', { token, headers: { connection: 'close' } });
      expect(status).toBe(200);
    }
    let answer = '';
    busy.on('data', (text: string) => {
      answer += text;
    });
    busy.write(body.slice(5));
    await once(busy, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  },
  300_000,
);
