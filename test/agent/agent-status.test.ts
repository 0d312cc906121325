import { expect, test } from 'vitest';
import { createClient } from '../../electron/agent/server/client.ts';
import { AgentStatus, AGENT_STATUS_HEADER } from '../../shared/wire.ts';

interface Told {
  readonly roots: readonly { readonly name: string; readonly readable: boolean }[];
  readonly standsBy: string | undefined;
}

/** What a server reads of it; null: no such header. */
async function readByServer(status: Told | undefined): Promise<AgentStatus | null> {
  let seen: string | null = null;
  const client = createClient({
    serverUrl: 'http://127.0.0.1:1',
    fetch: async (_url, init) => {
      seen = new Headers(init?.headers).get(AGENT_STATUS_HEADER);
      return Response.json({ items: [] });
    },
    credentials: () => ({ token: 't' }),
    monotonic: () => 0,
  });
  expect((await client.jobs(undefined, undefined, status)).answer).toBe('ok');
  return seen === null ? null : AgentStatus.parse(JSON.parse(decodeURIComponent(seen)));
}

test('an agent tells with a poll which roots it can read and why it takes nothing', async () => {
  const roots = [
    { name: 'Tournée 3', readable: true },
    { name: 'ARCHIVE', readable: false },
  ];
  expect(await readByServer({ roots, standsBy: 'user-input' })).toEqual({
    roots: ['Tournée 3'],
    any_root: false,
    stands_by: 'user-input',
  });
  // A single root takes every path, as long as it can be read.
  expect(await readByServer({ roots: roots.slice(0, 1), standsBy: undefined })).toEqual({
    roots: ['Tournée 3'],
    any_root: true,
  });
  expect(await readByServer({ roots: roots.slice(1), standsBy: undefined })).toEqual({ roots: [], any_root: false });
});

test('it tells nothing before it has looked, nor with further pages', async () => {
  expect(await readByServer({ roots: [], standsBy: 'paused' })).toBeNull();
  expect(await readByServer(undefined)).toBeNull();
});
