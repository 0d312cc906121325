import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { PrivateCa } from './private-ca.ts';

export interface LoopbackProxy {
  readonly url: string;
  /** `host:port` of each tunnel that was opened, and each request without a tunnel. */
  readonly passed: string[];
  /** How often it asked for a name and password. */
  asked(): number;
  close(): Promise<void>;
}

/**
 * A proxy that wants a name and password. `host`s that only it knows are reached on this machine: so a call that does
 * not go through it cannot succeed.
 */
export async function startProxy(credentials: string): Promise<LoopbackProxy> {
  const expected = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const passed: string[] = [];
  const sockets = new Set<Socket>();
  let asked = 0;
  const allowed = (request: IncomingMessage): boolean => {
    if (request.headers['proxy-authorization'] === expected) return true;
    asked += 1;
    return false;
  };
  const server = createServer((request, response) => {
    if (!allowed(request)) return void response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end();
    forward(request, response, passed);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    if (!allowed(request))
      return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n');
    const [, port] = (request.url ?? '').split(':');
    passed.push(request.url ?? '');
    const target = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    passed,
    asked: () => asked,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

function forward(request: IncomingMessage, response: ServerResponse, passed: string[]): void {
  const { port, pathname, search, host } = new URL(request.url ?? '');
  passed.push(host);
  const options = {
    port,
    host: '127.0.0.1',
    path: `${pathname}${search}`,
    method: request.method,
    headers: request.headers,
  };
  request.pipe(
    httpRequest(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    }).on('error', () => response.destroy()),
  );
}

/** Plain http of `port` on this machine, spoken over TLS with a certificate of a private authority. */
export async function startTlsFront(
  port: number,
  { cert, key }: PrivateCa,
): Promise<{ readonly port: number; close(): void }> {
  const server = createTlsServer({ cert, key }, (request, response) => {
    const options = { port, host: '127.0.0.1', path: request.url, method: request.method, headers: request.headers };
    request.pipe(
      httpRequest(options, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      }).on('error', () => response.destroy()),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
