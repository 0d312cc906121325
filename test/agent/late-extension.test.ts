import { expect, it } from 'vitest';
import { createLeases, type LeaseThreadHandlers } from '../../electron/agent/lease/leases.ts';
import type { ToLeaseThread } from '../../electron/agent/lease/messages.ts';

it('an extension that is heard of when it has run out again is none: the server is asked once more', async () => {
  let monotonic = 1_000;
  const posted: ToLeaseThread[] = [];
  let handlers: LeaseThreadHandlers | undefined;
  const leases = createLeases({
    threadUrl: new URL('file:///nowhere'),
    serverUrl: 'http://127.0.0.1:1',
    credentials: () => ({ token: 'a-token' }),
    clock: { now: () => monotonic, monotonic: () => monotonic, asleepMs: () => 0, sleep: async () => undefined },
    log: { error: () => undefined },
    startThread: (given) => {
      handlers = given;
      return { postMessage: (message) => void posted.push(message), terminate: async () => 0 };
    },
  });
  const grant = { deadline: 2_000, grantedMs: 1_000 };
  const lease = leases.hold({ runId: 'r', jobId: 'j', lockToken: 'l', grant, executed: false });
  monotonic = 3_000;
  let answer: string | undefined;
  const confirmed = lease.confirm(new AbortController().signal).then((standing) => (answer = standing));
  const heartbeats = (): number => posted.filter(({ type }) => type === 'heartbeat-now').length;
  expect(heartbeats()).toBe(1);
  // The process stood still for a minute while the answer was on its way.
  monotonic = 63_000;
  handlers?.onMessage({ type: 'extended', runId: 'r', deadline: 33_000, cancelRequested: false });
  await Promise.resolve();
  expect([answer, heartbeats()]).toEqual([undefined, 2]);
  handlers?.onMessage({ type: 'extended', runId: 'r', deadline: 93_000, cancelRequested: false });
  await confirmed;
  expect(answer).toBe('ours');
  await leases.close();
});
