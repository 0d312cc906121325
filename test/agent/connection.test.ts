import { describe, expect, it } from 'vitest';
import { createConnection } from '../../electron/agent/connection.ts';
import type { ReplyHead } from '../../electron/agent/server/outcome.ts';
import { createStore } from '../../electron/agent/store.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';

const SERVER_TIME = Date.parse('2026-03-02T08:00:10.000Z');
const answered = (change: Partial<ReplyHead> = {}): ReplyHead => ({
  answer: 'ok',
  status: 200,
  sentAt: 0,
  summary: 'jobs: 200',
  serverDate: SERVER_TIME,
  ...change,
});

function connected(now: number) {
  let monotonic = 0;
  const store = createStore(sampleSnapshot());
  const clock = { now: () => now, monotonic: () => monotonic, asleepMs: () => 0, sleep: async () => undefined };
  const connection = createConnection({ store, clock, random: () => 0.5, refreshToken: () => false });
  return { store, connection, pass: (ms: number) => (monotonic += ms) };
}

describe('the clock of this machine beside the server’s', () => {
  it('is told to about a second, from the Date of an answer', () => {
    const { store, connection } = connected(SERVER_TIME + 180_500);
    connection.note(answered());
    expect(store.snapshot().server.clockAheadMs).toBe(180_000);
  });

  it('is negative when this machine is behind, and stays unknown where no Date came', () => {
    const behind = connected(SERVER_TIME - 3_600_000);
    behind.connection.note(answered());
    expect(behind.store.snapshot().server.clockAheadMs).toBe(-3_600_500);
    const { serverDate: _, ...undated } = answered();
    const unknown = connected(SERVER_TIME);
    unknown.connection.note(undated);
    expect(unknown.store.snapshot().server).not.toHaveProperty('clockAheadMs');
  });

  it('is kept while the server is away and after it is back', () => {
    const { store, connection, pass } = connected(SERVER_TIME + 60_500);
    connection.note(answered());
    pass(20_000);
    connection.note(answered({ answer: 'reset', status: 0 }));
    expect(store.snapshot().server).toMatchObject({ link: 'unreachable', clockAheadMs: 60_000 });
    const { serverDate: _, ...undated } = answered();
    connection.note(undated);
    expect(store.snapshot().server).toMatchObject({ link: 'connected', clockAheadMs: 60_000 });
  });
});
