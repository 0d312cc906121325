import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { API_BASE } from '../../../shared/wire.ts';
import type { Meter } from './meter.ts';

export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Request {
  /** What it is counted as. */
  readonly call: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly agentId?: string;
  readonly key?: string;
  readonly body?: string | Buffer;
  readonly contentType?: string;
}

/** What stands before the servers: any of them gets any request, and one that does not answer is passed over. */
export interface Client {
  /** Where the answers are counted from now on. */
  meter: Meter;
  /** Asks again, the same bytes with the same key, until there is an answer; null: the run was over before. */
  ask(request: Request): Promise<Reply | null>;
  close(): Promise<void>;
}

const CONNECTIONS = 64;
const LONGEST_WAIT_MS = 2_000;

export function createClient(
  origins: readonly string[],
  token: string,
  meter: Meter,
  { random, signal }: { readonly random: () => number; readonly signal: AbortSignal },
): Client {
  const pools = origins.map((origin) => new Pool(origin, { connections: CONNECTIONS, headersTimeout: 60_000 }));
  const client: Client = {
    meter,
    async ask(request) {
      for (let tries = 0; !signal.aborted; tries += 1) {
        const reply = await once(request);
        if (reply !== null && reply.status !== 503) return reply;
        client.meter.noteRetry();
        // Full jitter, as the agent's own.
        await sleep(random() * Math.min(LONGEST_WAIT_MS, 200 * 2 ** tries), undefined, { signal }).catch(() => {});
      }
      return null;
    },
    close: async () => void (await Promise.all(pools.map((pool) => pool.destroy()))),
  };
  async function once(request: Request): Promise<Reply | null> {
    const pool = pools[Math.floor(random() * pools.length)];
    if (pool === undefined) throw new Error('There is no server.');
    const began = performance.now();
    try {
      const { statusCode, body } = await pool.request({
        method: request.method,
        path: `${API_BASE}${request.path}`,
        headers: {
          authorization: `Bearer ${token}`,
          ...(request.agentId === undefined ? {} : { 'x-agent-id': request.agentId }),
          ...(request.key === undefined ? {} : { 'idempotency-key': request.key }),
          ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
        },
        body: request.body ?? null,
      });
      const text = await body.text();
      client.meter.note(request.call, statusCode, performance.now() - began);
      // What the server sends is an object, always.
      return { status: statusCode, body: JSON.parse(text) as Reply['body'] };
    } catch {
      return null;
    }
  }
  return client;
}
