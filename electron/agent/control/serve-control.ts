import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { Snapshot } from '../../../shared/snapshot.ts';
import type { Log } from '../diagnostics/log.ts';

interface ControlDeps {
  /** control-address.ts */
  readonly address: string;
  /** `group`: who is in the group of the socket's folder may connect, too; the folder has to be there. */
  readonly access: 'owner' | 'group';
  /** The gateway's dispatch: the same commands, parsed by the same schemas, as the page's. */
  readonly dispatch: (name: string, input: unknown) => Promise<unknown>;
  readonly snapshot: () => Snapshot;
  /** Answers a watch request, one update per line, as the page gets it. */
  readonly watch: (response: ServerResponse) => void;
  /** Answers `GET /derived/<asset>/<ref>`, which it checks itself. */
  readonly derived: (asset: string, ref: string, range: string | undefined) => Promise<Response>;
  readonly log: Log;
}

export interface Control {
  readonly address: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1_000_000;
/** The kernel checks who may connect by the rights of the file alone. */
const RIGHTS = { owner: 0o600, group: 0o660 } as const;

/**
 * Listens for commands of this machine: `POST /call/NAME`, `GET /snapshot`, `GET /watch`, `GET /derived/…`, over HTTP on
 * a socket that nobody else may open and that no network reaches. Null when it cannot be opened: an agent works without it, too.
 */
export async function serveControl(deps: ControlDeps): Promise<Control | null> {
  const { address, access } = deps;
  const server = createServer((request, response) => {
    answer(deps, request, response).catch((error: unknown) => {
      deps.log.warn({ err: error }, 'a local command could not be answered');
      if (!response.headersSent) response.writeHead(400);
      response.end();
    });
  });
  try {
    if (process.platform !== 'win32') preparePlace(address, access);
    await listen(server, address);
    if (process.platform !== 'win32') chmodSync(address, RIGHTS[access]);
  } catch (error) {
    deps.log.warn({ err: error, address }, 'the socket for local commands could not be opened');
    return null;
  }
  server.on('error', (error) => deps.log.warn({ err: error }, 'the socket for local commands failed'));
  return { address, close: () => close(server) };
}

/** One agent per work folder holds the journal, so a socket that is still there belongs to a dead one. */
function preparePlace(address: string, access: ControlDeps['access']): void {
  const folder = dirname(address);
  if (access === 'owner') mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid } = lstatSync(folder);
  if (uid !== process.getuid?.()) throw new Error(`${folder} belongs to somebody else`);
  rmSync(address, { force: true });
}

/** Bound under a mask that lets nobody else in from the first moment on. */
async function listen(server: Server, address: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.once('listening', resolve);
  const before = process.umask(0o177);
  try {
    // A Unix domain socket is bound before this returns.
    server.listen(address);
  } finally {
    process.umask(before);
  }
  await promise;
  server.off('error', reject);
}

async function answer(deps: ControlDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '' } = request;
  const command = /^\/call\/([A-Za-z]{1,64})$/.exec(url)?.[1];
  if (method === 'GET' && url === '/watch') return deps.watch(response);
  if (method === 'GET' && url === '/snapshot') return reply(response, deps.snapshot());
  const derived = /^\/derived\/([^/]+)\/([^/]+)$/.exec(url);
  if (method === 'GET' && derived !== null) {
    const [asset = '', ref = ''] = derived.slice(1).map((part) => decodeURIComponent(part));
    return passOn(await deps.derived(asset, ref, request.headers.range), response);
  }
  if (method !== 'POST' || command === undefined) {
    response.writeHead(404).end();
    return;
  }
  const input: unknown = JSON.parse((await bodyOf(request)) || '{}');
  reply(response, await deps.dispatch(command, input));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = Buffer.from(chunk as Uint8Array); // without an encoding, bytes
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('the command is too long');
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function passOn(answer: Response, response: ServerResponse): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body === null) return void response.end();
  // Whoever listened may be gone in mid-file; then the server's answer is let go as well. Both ReadableStreams are one
  // class at run time.
  await pipeline(Readable.fromWeb(answer.body as ReadableStream), response).catch(() => undefined);
}

function reply(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', connection: 'close' });
  response.end(JSON.stringify(body));
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
