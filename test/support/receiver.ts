import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** A message as a receiver took it, its signature verified. */
export interface Received {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** A real receiver of webhooks on loopback. */
export interface Receiver {
  readonly url: string;
  readonly secret: string;
  /** Every try, taken or not. */
  readonly tries: Received[];
  readonly taken: Received[];
  /** What becomes of the next tries: a status, or `cut`; then each is taken. */
  readonly next: (number | 'cut')[];
  /** Nobody listens any more; `listen` makes it the same address again. */
  close(): Promise<void>;
  listen(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const [tries, taken, next]: [Received[], Received[], (number | 'cut')[]] = [[], [], []];
  let port = 0;
  let server: Server;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = request.headers as Record<string, string>;
    const body = new Webhook(secret).verify(Buffer.concat(chunks), headers) as Omit<Received, 'id'>;
    const received = { id: headers['webhook-id'] ?? '', type: body.type, data: body.data };
    tries.push(received);
    const fate = next.shift();
    if (fate === 'cut') return void request.socket.destroy();
    if (fate === undefined) taken.push(received);
    // Where somebody followed it, the redirect would lead back here and be taken.
    response.writeHead(fate ?? 204, fate === 307 ? { location: `http://127.0.0.1:${port}/elsewhere` } : {}).end();
  };
  const listen = async (): Promise<void> => {
    server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  };
  await listen();
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}/hook`, secret, tries, taken, next, close, listen };
}
