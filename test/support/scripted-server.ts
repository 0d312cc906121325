import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Heard {
  readonly call: string;
  readonly key: string | undefined;
  readonly body: string;
}

export type Scripted =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** The request arrives whole, and no answer ever comes. */
  | 'silence'
  /** The request arrives whole, then the connection is reset. */
  | 'reset';

/** A server on loopback that answers each call from a script, then as a good server would, and remembers what it heard. */
export interface ScriptedServer {
  readonly url: string;
  readonly heard: Heard[];
  /** The next answer to this call; several are used up one after another. */
  next(call: string, answer: Scripted): void;
  /** The answer to this call from now on, once what `next` laid down is used up. */
  always(call: string, answer: Scripted): void;
  close(): Promise<void>;
}

const CALLS: readonly (readonly [string, RegExp])[] = [
  ['register', /^POST .*\/agents\/register$/],
  ['summary', /^GET .*\/jobs\/summary$/],
  ['jobs', /^GET .*\/jobs(\?.*)?$/],
  ['claim', /^POST .*\/claim$/],
  ['heartbeat', /^POST .*\/heartbeat$/],
  ['submit', /^POST .*\/submit$/],
  ['fail', /^POST .*\/fail$/],
  ['upload-init', /^POST .*\/upload\/init$/],
  ['upload-part', /^POST .*\/upload\/part$/],
  ['upload-part-url', /^POST .*\/upload\/part-url$/],
  ['store-put', /^PUT /],
  ['upload-complete', /^POST .*\/upload\/complete$/],
  ['upload-status', /^GET .*\/upload\/[^/]+$/],
];

/** `good`: what each call is answered when the script says nothing. */
export async function startScriptedServer(good: (call: string) => unknown): Promise<ScriptedServer> {
  const scripts = new Map<string, Scripted[]>();
  const lasting = new Map<string, Scripted>();
  const heard: Heard[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const line = `${request.method} ${request.url}`;
    const call = CALLS.find(([, pattern]) => pattern.test(line))?.[0] ?? line;
    const key = request.headers['idempotency-key'];
    heard.push({
      call,
      key: typeof key === 'string' ? key : undefined,
      body: Buffer.concat(chunks).toString('latin1'),
    });
    const scripted = scripts.get(call)?.shift() ?? lasting.get(call) ?? { status: 200, body: good(call) };
    if (scripted === 'silence') return;
    if (scripted === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    response.writeHead(scripted.status, { Connection: 'close', ...scripted.headers });
    response.end(typeof scripted.body === 'string' ? scripted.body : JSON.stringify(scripted.body ?? {}));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    next: (call, scripted) => scripts.set(call, [...(scripts.get(call) ?? []), scripted]),
    always: (call, scripted) => lasting.set(call, scripted),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
