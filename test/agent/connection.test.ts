import { describe, expect, it } from 'vitest';
import { systemClock } from '../../electron/work/clock.ts';
import { createConnection } from '../../electron/agent/server/connection.ts';
import type { ReplyHead } from '../../electron/agent/server/outcome.ts';
import { createBackoff } from '../../electron/agent/server/retry.ts';
import { createStore } from '../../electron/agent/store/store.ts';
import { whenAborted } from '../../electron/work/clock.ts';
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

/** `sleeps`: waiting lasts until its signal is aborted, instead of no time. */
function connected(now: number, sleeps = false) {
  let monotonic = 0;
  const naps: { readonly signal: AbortSignal }[] = [];
  const store = createStore(sampleSnapshot());
  const sleep = async (_ms: number, signal: AbortSignal = new AbortController().signal): Promise<void> => {
    naps.push({ signal });
    if (sleeps) await whenAborted(signal);
  };
  const clock = { now: () => now, monotonic: () => monotonic, asleepMs: () => 0, sleep };
  const connection = createConnection({ store, clock, random: () => 0.5, refreshToken: () => false });
  return { store, connection, naps, pass: (ms: number) => (monotonic += ms) };
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
    connection.note(answered({ answer: 'reset', status: 0 }));
    expect(store.snapshot().server).toMatchObject({ link: 'unreachable', clockAheadMs: 60_000 });
    const { serverDate: _, ...undated } = answered();
    connection.note(undated);
    expect(store.snapshot().server).toMatchObject({ link: 'connected', clockAheadMs: 60_000 });
  });
});

describe('a server that comes and goes', () => {
  const silent = answered({ answer: 'reset', status: 0 });

  it('is away after two silences in a row, not for one call that fails beside others', () => {
    const { store, connection } = connected(SERVER_TIME);
    let told = 0;
    store.subscribe(({ type }) => (told += type === 'serverLinkChanged' ? 1 : 0));
    connection.note(answered());
    for (let round = 0; round < 50; round += 1) {
      connection.note(silent);
      connection.note(answered());
    }
    expect([store.snapshot().server.link, told]).toEqual(['connected', 0]);
    connection.note(silent);
    connection.note(silent);
    expect(store.snapshot().server.link).toBe('unreachable');
  });

  it('hastens what waits once when it is back, and no more within a minute', async () => {
    const { connection, pass, naps } = connected(SERVER_TIME, true);
    const comesBack = (): void => {
      for (const reply of [silent, silent, answered()]) connection.note(reply);
    };
    connection.note(answered());
    const over = new AbortController();
    const first = connection.waitBeforeRetry(silent, over.signal, connection.backoff());
    comesBack();
    await first;
    pass(1_000);
    const second = connection.waitBeforeRetry(silent, over.signal, connection.backoff());
    comesBack();
    expect(naps.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    pass(60_000);
    comesBack();
    await second;
  });
});

describe('waiting', () => {
  it('for longer than a timer can hold is no waiting of a millisecond', async () => {
    const over = new AbortController();
    let isOver = false;
    const waited = systemClock.sleep(2 ** 31 + 1_000, over.signal).then(() => (isOver = true));
    await systemClock.sleep(50);
    expect(isOver).toBe(false);
    over.abort();
    await waited;
  });

  it('as an answer asks is bounded to an hour', () => {
    expect(createBackoff(() => 0).next(30 * 86_400_000)).toBe(3_600_000);
  });
});
