import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Also where the system tells no bound of open files. */
const USUAL_MOST = 4_096;
/** The rest is for the database, for files that come and go, and for what Node itself opens. */
const SHARE_OF_FILES = 0.5;

/**
 * How many connections are held at once: half of what this process may open. Node has already raised its own bound to
 * the highest that the system lets it have.
 */
export function maxConnections(): number {
  const [, files] = /^Max open files +(\d+)/m.exec(limitsOfThisProcess()) ?? [];
  return files === undefined ? USUAL_MOST : Math.min(USUAL_MOST, Math.floor(Number(files) * SHARE_OF_FILES));
}

/** Linux alone has the file. */
function limitsOfThisProcess(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

/**
 * Lets connections that ask nothing give way: when more than `most` are open, whichever was silent for longest is
 * closed. One with a request in progress never is; a client whose kept connection went sends its request on a new one.
 */
export function closeIdleBeyond(server: Server, most: number): void {
  const open = new Map<string, Socket>();
  // In the order in which they fell silent.
  const idle = new Map<string, Socket>();
  server.on('connection', (socket) => {
    const name = nameOf(socket);
    open.set(name, socket);
    idle.set(name, socket);
    socket.once('close', () => {
      open.delete(name);
      idle.delete(name);
    });
    if (open.size <= most) return;
    const [longest] = idle.values();
    longest?.destroy();
  });
  server.on('request', ({ socket }, response) => {
    const name = nameOf(socket);
    idle.delete(name);
    response.once('close', () => {
      const connection = open.get(name);
      if (connection !== undefined) idle.set(name, connection);
    });
  });
}

/** Under TLS a request has another socket than its connection, but the same other end. */
const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
