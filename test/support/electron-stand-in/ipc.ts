import { EventEmitter } from 'node:events';
import { preventable, strict } from './strict.ts';

type Handler = (event: object, ...args: unknown[]) => unknown;

class IpcMain extends EventEmitter {
  readonly _handlers = new Map<string, Handler>();

  handle(channel: string, handler: Handler): void {
    if (this._handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    this._handlers.set(channel, handler);
  }
}

const bare = new IpcMain();
export const ipcMain = strict('IpcMain', bare);

/** Who sent something: the window's contents and the frame, in Electron's terms. */
export interface Sender {
  readonly sender: object;
  readonly senderFrame: object;
}

export async function invoke(from: Sender, channel: string, args: readonly unknown[]): Promise<unknown> {
  const handler = bare._handlers.get(channel);
  if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
  return structuredClone(await handler(preventable({ ...from, type: 'frame' }), ...args));
}

export function post(from: Sender, channel: string, message: unknown, ports: readonly object[]): void {
  bare.emit(channel, preventable({ ...from, ports, type: 'frame' }), message);
}

/** The main script's end of a MessagePort whose other end is in a page. */
export class PagePort extends EventEmitter {
  readonly _toPage: (data: unknown, close: boolean) => void;
  _queue: unknown[] | null = [];
  _closed = false;

  constructor(toPage: (data: unknown, close: boolean) => void) {
    super();
    this._toPage = toPage;
  }

  postMessage(message: unknown): void {
    // A copy that cannot be made throws here, as in Electron.
    const copy: unknown = structuredClone(message);
    if (!this._closed) this._toPage(copy, false);
  }

  start(): void {
    const queued = this._queue ?? [];
    this._queue = null;
    for (const data of queued) this.emit('message', { data, ports: [] });
  }

  close(): void {
    if (this._closed) return;
    this._closed = true;
    this._toPage(null, true);
    this.emit('close');
  }

  _receive(data: unknown): void {
    if (this._closed) return;
    if (this._queue === null) this.emit('message', { data, ports: [] });
    else this._queue.push(data);
  }

  /** The page went away, or closed its end. */
  _disconnected(): void {
    if (this._closed) return;
    this._closed = true;
    this.emit('close');
  }
}

export function strictPort(port: PagePort): PagePort {
  return strict('MessagePortMain', port);
}
