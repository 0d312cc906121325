import { beforeEach, describe, expect, it } from 'vitest';
import { heartbeatInterval, grantOf } from '../../electron/agent/lease/grant.ts';
import { createLeaseLoop } from '../../electron/agent/lease/lease-loop.ts';
import type { FromLeaseThread, ToLeaseThread } from '../../electron/agent/lease/messages.ts';
import type { Reply } from '../../electron/agent/server/client.ts';
import type { AnswerKind } from '../../electron/agent/server/outcome.ts';
import { createFakeClock, type FakeClock } from '../support/fake-time.ts';

const GRANTED = 59_000;

describe('grant', () => {
  it('is 0.9 of locked_until minus Date minus 1 s, from before the request was sent', () => {
    const serverDate = Date.parse('2031-01-01T00:00:00Z');
    const grant = grantOf({ sentAt: 1_000, serverDate }, '2031-01-01T00:01:00.000Z');
    expect(grant).toEqual({ grantedMs: 59_000, deadline: 1_000 + 0.9 * 59_000 });
  });
  it('keeps the length it had when the server does not say, and is careful when it never did', () => {
    expect(grantOf({ sentAt: 0 }, undefined, 30_000)).toEqual({ grantedMs: 30_000, deadline: 27_000 });
    expect(grantOf({ sentAt: 0 }, undefined).grantedMs).toBeLessThanOrEqual(15_000);
  });
  it('is over at once when the server says it is', () => {
    expect(grantOf({ sentAt: 500, serverDate: 10_000 }, new Date(9_000).toISOString())).toEqual({
      grantedMs: 0,
      deadline: 500,
    });
  });
  it('sends heartbeats every third of it, at most 30 s and at least 0.5 s apart', () => {
    expect([900, 6_000, 60_000, 600_000].map(heartbeatInterval)).toEqual([500, 2_000, 20_000, 30_000]);
  });
});

describe('the lease loop', () => {
  let clock: FakeClock;
  let said: FromLeaseThread[];
  let killed: number[];
  let heartbeats: number[];
  let timeouts: (number | undefined)[];
  let answer: AnswerKind | 'never';
  let receive: (message: ToLeaseThread) => void;
  beforeEach(() => {
    clock = createFakeClock();
    said = [];
    killed = [];
    heartbeats = [];
    timeouts = [];
    answer = 'ok';
    const heartbeat = async (
      _jobId: string,
      _body: unknown,
      limits?: { readonly timeoutMs?: number },
    ): Promise<Reply<{ lockedUntil: string | undefined; cancelRequested: boolean }>> => {
      const sentAt = clock.monotonic();
      timeouts.push(limits?.timeoutMs);
      heartbeats.push(sentAt);
      const head = { status: 200, sentAt, summary: '', serverDate: 0 };
      if (answer === 'never') {
        await clock.sleep(10_000);
        return { ...head, answer: 'timeout' };
      }
      if (answer !== 'ok') return { ...head, answer };
      return {
        ...head,
        answer,
        body: { lockedUntil: new Date(GRANTED + 1_000).toISOString(), cancelRequested: false },
      };
    };
    const send = (message: FromLeaseThread): number => said.push(message);
    ({ receive } = createLeaseLoop({ client: { heartbeat }, clock, send, killGroup: (group) => killed.push(group) }));
  });
  const hold = (more: { executed?: boolean; unknown?: boolean } = {}): void => {
    const grant = more.unknown === true ? null : { deadline: clock.monotonic() + 0.9 * GRANTED, grantedMs: GRANTED };
    const lease = { runId: 'r', jobId: 'j', lockToken: 't', grant, executed: more.executed ?? false };
    receive({ type: 'hold', lease });
    receive({ type: 'groups', runId: 'r', groups: [4_711] });
  };
  const kinds = (): string[] =>
    said.map((message) => (message.type === 'lost' ? `lost: ${message.because}` : message.type));
  /** The main loop lives: it says so every 10 s. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 10_000) {
      receive({ type: 'alive' });
      await clock.pass(Math.min(10_000, left));
    }
  };

  it('sends heartbeats every third of the lease for as long as it is held', async () => {
    hold();
    await pass(10 * 60_000);
    const gaps = heartbeats.slice(1).map((at, index) => at - (heartbeats[index] ?? 0));
    expect(heartbeats.length).toBeGreaterThan(28);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(GRANTED / 3 + 1);
    expect(new Set(kinds())).toEqual(new Set(['extended']));
    receive({ type: 'release', runId: 'r' });
    const before = heartbeats.length;
    await pass(120_000);
    expect(heartbeats.length).toBe(before);
  });

  it('asks at once after a restart, and then decides', async () => {
    hold({ unknown: true });
    await clock.pass(1);
    expect(kinds()).toEqual(['extended']);
  });

  it('asks a server that is away after a restart ever more seldom, at last once a minute', async () => {
    answer = 'reset';
    hold({ unknown: true });
    await pass(60_000);
    const gaps = heartbeats.slice(1).map((at, index) => at - (heartbeats[index] ?? 0));
    expect(heartbeats.length).toBeGreaterThan(10);
    expect(Math.max(...gaps)).toBeLessThan(15_000);
    await pass(10 * 60_000);
    heartbeats.length = 0;
    await pass(60 * 60_000);
    expect(heartbeats.length).toBeGreaterThanOrEqual(58);
    expect(heartbeats.length).toBeLessThanOrEqual(61);
    answer = 'ok';
    await pass(60_000);
    expect(kinds()[0]).toBe('extended');
  });

  it('waits for a slow answer after a restart as for one about a lease of 15 s', async () => {
    hold({ unknown: true });
    await clock.pass(1);
    expect(timeouts).toEqual([5_000]);
  });

  it('kills and gives up when the deadline passes unanswered, and not before', async () => {
    hold();
    const deadline = clock.monotonic() + 0.9 * GRANTED;
    answer = '5xx';
    await pass(0.9 * GRANTED - 600);
    expect([kinds(), killed]).toEqual([[], []]);
    await pass(1_200);
    expect([kinds(), killed]).toEqual([['lost: deadline'], [4_711]]);
    expect(clock.monotonic() - deadline).toBeLessThan(1_500);
  });

  it('survives one heartbeat whose answer never comes', async () => {
    hold();
    answer = 'never';
    await pass(25_000);
    answer = 'ok';
    await pass(60_000);
    expect(kinds()).toContain('extended');
    expect(kinds()).not.toContain('lost: deadline');
  });

  it('asks instead of giving up when nothing runs any more', async () => {
    hold({ executed: true });
    answer = 'reset';
    await pass(10 * 60_000);
    expect(kinds()).toEqual(['unsure']);
    answer = 'ok';
    await pass(60_000);
    expect(kinds().slice(0, 2)).toEqual(['unsure', 'extended']);
    expect(killed).toEqual([]);
  });

  for (const [what, change] of [
    ['the wall clock is set an hour ahead', (c: FakeClock) => c.setWall(3_600_000)],
    ['the wall clock is set an hour back', (c: FakeClock) => c.setWall(-3_600_000)],
    ['the machine slept for three hours', (c: FakeClock) => c.suspend(3 * 3_600_000)],
  ] as const) {
    it(`is unsure for one heartbeat when ${what}, and loses nothing`, async () => {
      hold();
      await pass(20_000);
      said.length = 0;
      change(clock);
      await pass(25_000);
      expect(kinds().slice(0, 2)).toEqual(['unsure', 'extended']);
      expect(killed).toEqual([]);
    });
  }

  it('takes the answer after sleep for what it is: the lease was given to somebody else', async () => {
    hold();
    clock.suspend(3 * 3_600_000);
    answer = '423';
    await pass(25_000);
    expect([kinds(), killed]).toEqual([['unsure', 'lost: refused'], [4_711]]);
  });

  it('kills for a main loop that gave no sign of life for 120 s', async () => {
    hold();
    await clock.pass(119_000);
    expect(killed).toEqual([]);
    await clock.pass(21_000);
    expect(kinds().at(-1)).toBe('lost: main-loop-dead');
    expect(killed).toEqual([4_711]);
    const before = heartbeats.length;
    await clock.pass(60_000);
    expect(heartbeats.length).toBe(before);
  });

  it('sends heartbeats no more often than every 0.5 s, however often it is asked to', async () => {
    hold();
    answer = '5xx';
    for (let n = 0; n < 200; n += 1) {
      receive({ type: 'heartbeat-now', runId: 'r' });
      await clock.pass(25);
    }
    const gaps = heartbeats.slice(1).map((at, index) => at - (heartbeats[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(500);
  });
});
