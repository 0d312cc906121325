import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import type { Snapshot } from '../../../shared/snapshot.ts';
import type { Log } from '../log.ts';
import { controlAddress } from './control-address.ts';

export interface ControlDeps {
  readonly workFolder: string;
  /** The gateway's dispatch: the same commands, parsed by the same schemas, as the page's. */
  readonly dispatch: (name: string, input: unknown) => Promise<unknown>;
  readonly snapshot: () => Snapshot;
  /** Answers a watch request, one update per line, as the page gets it. */
  readonly watch: (response: ServerResponse) => void;
  readonly log: Log;
}

export interface Control {
  readonly address: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1_000_000;
/** The kernel checks who may connect by the rights of the file alone. */
const OWNER_ONLY = 0o600;

/**
 * Listens for this user's own commands: `POST /call/NAME`, `GET /snapshot`, `GET /watch`, over HTTP on a socket that
 * nobody else may open and that no network reaches. Null when it cannot be opened: an agent works without it, too.
 */
export async function serveControl(deps: ControlDeps): Promise<Control | null> {
  const address = controlAddress(deps.workFolder);
  const server = createServer((request, response) => {
    answer(deps, request, response).catch((error: unknown) => {
      deps.log.warn({ err: error }, 'a local command could not be answered');
      if (!response.headersSent) response.writeHead(400);
      response.end();
    });
  });
  try {
    if (process.platform !== 'win32') prepareFolder(address);
    await listen(server, address);
    if (process.platform !== 'win32') chmodSync(address, OWNER_ONLY);
  } catch (error) {
    deps.log.warn({ err: error, address }, 'the socket for local commands could not be opened');
    return null;
  }
  server.on('error', (error) => deps.log.warn({ err: error }, 'the socket for local commands failed'));
  return { address, close: () => close(server) };
}

/** One agent per work folder holds the journal, so a socket that is still there belongs to a dead one. */
function prepareFolder(address: string): void {
  const folder = dirname(address);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
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
    const piece = Buffer.from(chunk as Uint8Array);
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('the command is too long');
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString('utf8');
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
