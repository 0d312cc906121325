import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { API_BASE } from '../../shared/wire.ts';

export interface ServerCost {
  readonly rssBytes: number;
  readonly loopP99Ms: number;
}

/** A server that the measuring process does not slow down. */
export interface ServerApart {
  readonly url: string;
  readonly operatorToken: string;
  call<T>(path: string, body?: unknown, agentId?: string): Promise<T>;
  /** As a person. */
  operate<T>(path: string, body?: unknown): Promise<T>;
  /** Since the last time it was asked. */
  cost(): Promise<ServerCost>;
  close(): Promise<void>;
}

const ENTRY = fileURLToPath(new URL('./server-apart.ts', import.meta.url));

/** @param media a folder that rules may watch, as the root `RUSHES` */
export async function serverApart(dataDir: string, media?: string): Promise<ServerApart> {
  const args = [ENTRY, dataDir, ...(media === undefined ? [] : [media])];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async <T>(): Promise<T> => JSON.parse(String((await lines.next()).value)) as T;
  const { url, agentToken, operatorToken } = await next<Record<'url' | 'agentToken' | 'operatorToken', string>>();
  const ask = async <T>(token: string, path: string, body?: unknown, agentId?: string): Promise<T> => {
    const response = await fetch(`${url}${API_BASE}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(agentId === undefined ? {} : { 'x-agent-id': agentId }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  return {
    url,
    operatorToken,
    call: (path, body, agentId) => ask(agentToken, path, body, agentId),
    operate: (path, body) => ask(operatorToken, path, body),
    cost: () => {
      child.stdin.write('\n');
      return next<ServerCost>();
    },
    async close() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}
