import { expect, it } from 'vitest';
import { systemClock } from '../../electron/work/clock.ts';
import { createConnection } from '../../electron/agent/server/connection.ts';
import { createClient } from '../../electron/agent/server/client.ts';
import { createStore } from '../../electron/agent/store/store.ts';
import type { Refusal } from '../../shared/failure.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';

it('without a token nothing is said to a server, and the reason is what the page shows', async () => {
  const asked: string[] = [];
  const client = createClient({
    serverUrl: 'https://rushcatalog.studio.example',
    fetch: async (input) => {
      asked.push(String(input));
      return new Response('{}');
    },
    credentials: () => ({ token: '' }),
    monotonic: () => 0,
  });
  const reply = await client.jobs();
  expect([reply.answer, asked]).toEqual(['401', []]);

  const missing: Refusal = { code: 'TOKEN_MISSING', message: 'There is no token yet.' };
  let problem: Refusal | null = missing;
  const store = createStore(sampleSnapshot());
  const connection = createConnection({
    store,
    clock: systemClock,
    random: () => 0,
    refreshToken: () => false,
    tokenProblem: () => problem,
  });
  connection.note(reply);
  expect(store.snapshot().server).toMatchObject({ link: 'unauthorized', problem: missing });
  problem = null;
  connection.note(reply);
  expect(store.snapshot().server.problem?.code).toBe('TOKEN_REFUSED');
});
