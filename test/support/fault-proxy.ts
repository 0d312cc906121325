import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A TCP proxy on loopback that breaks what passes through it, as networks and servers do. */
export interface FaultProxy {
  /** Stands in for the server's address. */
  readonly url: string;
  /** `METHOD path` of every request that reached the proxy, with the time it came. */
  readonly requests: readonly SeenRequest[];
  /** Bytes that clients sent and that were passed on. */
  sentUp(): number;
  /** Replaces how everything is treated from now on; open connections included. */
  set(faults: Faults): void;
  /** The next `times` requests that match are treated so; rules are tried in the order they were added. */
  rule(rule: Rule): void;
  /** Forgets all rules: what was answered wrongly so far stays so. */
  clearRules(): void;
  /** ms that the slowest call so far waited without a byte of an answer, those still waiting included. */
  longestWait(): number;
  /** How often a rule was applied so far. */
  applied(): number;
  /** Cuts every open connection, in the middle of whatever it carries. */
  cut(): void;
  /** Another server behind the same address. */
  aim(port: number): void;
  close(): Promise<void>;
}

export interface SeenRequest {
  readonly line: string;
  /** performance.now(). */
  readonly at: number;
}

export interface Faults {
  /** Nobody listens: connections end at once. */
  readonly down?: boolean;
  /** Connections are taken and stay silent: what a pulled cable looks like. */
  readonly halfOpen?: boolean;
  /** ms before each chunk is passed on. */
  readonly latencyMs?: number;
  /** Passed on in pieces of this many bytes. */
  readonly slice?: number;
  /** Upwards, in both cases of a slow link. */
  readonly bytesPerSecond?: number;
}

export interface Rule {
  readonly line: RegExp;
  readonly times: number;
  /**
   * `swallow`: the server does it, its reply never comes (the connection ends). `mute`: the same, and the connection
   * stays open. `cut-after`: the connection ends after `bytes` of the request. `answer`: the proxy answers itself.
   */
  readonly kind: 'swallow' | 'mute' | 'cut-after' | 'answer';
  readonly bytes?: number;
  /** For `answer`: status and headers without an end. */
  readonly head?: string;
}

const REQUEST_LINE = /^(GET|POST|PUT|DELETE|HEAD) (\S+) HTTP\/1\.1\r\n/;

export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  let port = targetPort;
  let faults: Faults = {};
  let applied = 0;
  let up = 0;
  const rules: { rule: Rule; left: number }[] = [];
  const sockets = new Set<Socket>();
  const requests: SeenRequest[] = [];
  const waitingSince = new Map<Socket, number>();
  let longestWait = 0;
  const answered = (client: Socket): void => {
    longestWait = Math.max(longestWait, performance.now() - (waitingSince.get(client) ?? performance.now()));
    waitingSince.delete(client);
  };
  const take = (line: string): Rule | undefined => {
    const entry = rules.find(({ rule, left }) => left > 0 && rule.line.test(line));
    if (entry === undefined) return undefined;
    entry.left -= 1;
    applied += 1;
    return entry.rule;
  };
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const onClient = (client: Socket): void => {
    keep(client);
    if (faults.down === true) {
      client.resetAndDestroy();
      return;
    }
    client.on('close', () => answered(client));
    if (faults.halfOpen === true) {
      waitingSince.set(client, performance.now());
      client.resume();
      return;
    }
    const server = connect(port, '127.0.0.1');
    keep(server);
    let rule: Rule | undefined;
    let ofRequest = 0;
    client.on('close', () => {
      // What is on its way still arrives: a client that gave up does not undo what the server does.
      server.end();
    });
    server.on('close', () => client.destroy());
    const passUp = inOrder(async (chunk: Buffer) => {
      const line = REQUEST_LINE.exec(chunk.toString('latin1', 0, 2_000))
        ?.slice(1, 3)
        .join(' ');
      if (line !== undefined) {
        requests.push({ line, at: performance.now() });
        waitingSince.set(client, performance.now());
        ofRequest = 0;
        rule = take(line);
      }
      ofRequest += chunk.length;
      if (rule?.kind === 'answer') {
        client.end(`HTTP/1.1 ${rule.head ?? '503 Down'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      if (rule?.kind === 'cut-after' && ofRequest > (rule.bytes ?? 0)) {
        server.destroy();
        client.resetAndDestroy();
        return;
      }
      if (faults.halfOpen === true) return;
      up += chunk.length;
      await pass(server, chunk, faults);
    });
    client.on('data', (chunk: Buffer) => {
      client.pause();
      void passUp(chunk).finally(() => client.resume());
    });
    const passDown = inOrder(async (chunk: Buffer) => {
      if (rule?.kind === 'swallow') {
        client.resetAndDestroy();
        return;
      }
      if (rule?.kind === 'mute' || faults.halfOpen === true) return;
      answered(client);
      await pass(client, chunk, { ...faults, bytesPerSecond: 0 });
    });
    server.on('data', (chunk: Buffer) => void passDown(chunk));
  };
  const listener: Server = createServer(onClient);
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    requests,
    sentUp: () => up,
    set(next) {
      faults = next;
      if (next.down === true) for (const socket of sockets) socket.destroy();
    },
    rule: (rule) => rules.push({ rule, left: rule.times }),
    clearRules: () => void rules.splice(0),
    longestWait: () => Math.max(longestWait, ...[...waitingSince.values()].map((since) => performance.now() - since)),
    applied: () => applied,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    aim(next) {
      port = next;
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function inOrder(work: (chunk: Buffer) => Promise<void>): (chunk: Buffer) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (chunk) => (last = last.then(() => work(chunk)));
}

async function pass(to: Socket, chunk: Buffer, faults: Faults): Promise<void> {
  const { latencyMs = 0, slice = chunk.length, bytesPerSecond = 0 } = faults;
  if (latencyMs > 0) await delay(latencyMs);
  for (let at = 0; at < chunk.length; at += slice) {
    const piece = chunk.subarray(at, at + slice);
    if (bytesPerSecond > 0) await delay((piece.length / bytesPerSecond) * 1_000);
    if (to.destroyed) return;
    if (!to.write(piece)) {
      await new Promise((resolve) => {
        to.once('drain', resolve);
        to.once('close', resolve);
      });
    }
  }
}
