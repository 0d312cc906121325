/**
 * Runs in the page before its own scripts: the built preload with `require('electron')`, ipcRenderer and contextBridge
 * over one binding. Self-contained on purpose: its text is sent, as is the preload's, since the page's CSP forbids
 * eval. A stock Chromium gives no isolated world to
 * it, so what crosses the bridge is copied as contextBridge copies it, but the worlds are not apart.
 */
export function pageScript(
  binding: string,
  preload: (require: (name: string) => unknown, module: object, exports: object) => void,
): void {
  if (window !== window.top) return;
  type Send = (message: object) => Promise<{ ok: boolean; value?: unknown; error?: string }>;
  const send = Reflect.get(window, binding) as Send;
  const documentId = Math.random().toString(36).slice(2);
  const ports = new Map<number, MessagePort>();
  void send({ kind: 'document', documentId });

  Object.defineProperty(window, `${binding}Port`, {
    value: (port: number, data: unknown, close: boolean) => {
      if (close) ports.get(port)?.close();
      else ports.get(port)?.postMessage(data);
    },
  });
  window.open = (url?: string | URL) => {
    void send({ kind: 'window-open', url: String(url ?? '') });
    return null;
  };

  const only = <T extends object>(name: string, part: T): T =>
    new Proxy(part, {
      get: (target, member) => {
        if (Reflect.has(target, member)) return Reflect.get(target, member) as unknown;
        throw new Error(`electron stand-in: ${name}.${String(member)} is not known in a page`);
      },
    });

  let portCount = 0;
  const ipcRenderer = only('ipcRenderer', {
    invoke: async (channel: string, ...args: unknown[]) => {
      const reply = await send({ kind: 'invoke', channel, args: structuredClone(args) });
      if (reply.ok) return reply.value;
      throw new Error(`Error invoking remote method '${channel}': ${reply.error}`);
    },
    postMessage: (channel: string, message: unknown, transfer: readonly MessagePort[] = []) => {
      const ids = transfer.map((port) => {
        portCount += 1;
        const id = portCount;
        ports.set(id, port);
        port.addEventListener(
          'message',
          ({ data }) => void send({ kind: 'port', documentId, port: id, data: data as unknown }),
        );
        port.addEventListener('close', () => void send({ kind: 'port-closed', documentId, port: id }));
        port.start();
        return id;
      });
      void send({ kind: 'post', documentId, channel, message: structuredClone(message), ports: ids });
    },
  });

  const copy = (value: unknown): unknown => {
    if (typeof value === 'function') {
      return (...args: unknown[]): unknown => copy(Reflect.apply(value, undefined, args.map(copy)) as unknown);
    }
    if (typeof value === 'symbol') throw new Error('An object could not be cloned.');
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Promise) return value.then(copy);
    if (Array.isArray(value)) return value.map(copy);
    if (Object.getPrototypeOf(value) !== Object.prototype) return structuredClone(value);
    return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copy(inner)])));
  };
  const contextBridge = only('contextBridge', {
    exposeInMainWorld: (name: string, api: unknown) => {
      Object.defineProperty(window, name, { value: copy(api), enumerable: true });
    },
  });

  // Chromium tells a path for files of a disk only; those that a script makes have none.
  const webUtils = only('webUtils', { getPathForFile: () => '' });

  const require = (name: string): unknown => {
    if (name === 'electron') return only('electron', { ipcRenderer, contextBridge, webUtils });
    throw new Error(`module not found: ${name}`);
  };
  try {
    preload(require, { exports: {} }, {});
  } catch (error) {
    void send({ kind: 'preload-error', message: String(error) });
  }
}
