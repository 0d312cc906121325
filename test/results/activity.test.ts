import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordYieldTime } from '../../electron/agent/yield/record-yield-time.ts';
import { Journal } from '../../electron/agent/journal/journal.ts';
import { localDay } from '../../electron/agent/journal/activity-rows.ts';
import { createStore } from '../../electron/agent/store/store.ts';
import type { EndedJob, Ending, YieldReason } from '../../shared/snapshot.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';

let folder: string;
let journal: Journal;
const NOON = new Date(2026, 2, 10, 12).getTime();
const DAY = 86_400_000;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'activity-'));
  journal = new Journal(join(folder, 'journal.sqlite'));
});
afterEach(async () => {
  journal.close();
  await rm(folder, { recursive: true, force: true });
});

let count = 0;
function end(at: number, ending: Ending, more: Partial<EndedJob> = {}, report?: object): void {
  count += 1;
  const job: EndedJob = {
    jobId: uuidOf(count),
    jobType: 'generate_thumbnails',
    assetUuid: uuidOf(1),
    sourcePath: `RUSHES/day1/A${count}_100%.mov`,
    claimedAt: new Date(at - 1000).toISOString(),
    endedAt: new Date(at).toISOString(),
    wallMs: 1000,
    ending,
    ...more,
  };
  journal.end(`run-${count}`, job, report === undefined ? undefined : JSON.stringify(report));
}
const DONE: Ending = { kind: 'done', artifacts: [], warnings: [] };

describe('the last days', () => {
  it('are counted by this machine’s calendar, empty ones too', () => {
    end(NOON - DAY, DONE);
    end(NOON, DONE);
    end(NOON, { kind: 'lease-lost' });
    const days = journal.activity.days(NOON, 3);
    expect(days.map(({ day, done, failed, givenBack }) => [day, done, failed, givenBack])).toEqual([
      [localDay(NOON, 2), 0, 0, 0],
      [localDay(NOON, 1), 1, 0, 0],
      [localDay(NOON), 1, 0, 1],
    ]);
    expect(days.at(-1)?.day).toBe('2026-03-10');
  });

  it('count a file once a day, however many jobs it had', () => {
    const facts = { result: { facts: { duration_ms: 60_000 } } };
    const wave = { output: { waveform_data: { duration_ms: 60_040 } } };
    end(NOON, DONE, {}, facts);
    end(NOON, DONE, {}, wave);
    end(NOON, DONE, { assetUuid: uuidOf(2) }, { result: { metrics: { media_ms: 30_000 } } });
    end(NOON, { kind: 'cancelled' }, { assetUuid: uuidOf(3) }, facts);
    expect(journal.activity.days(NOON, 1)[0]?.mediaMs).toBe(90_040);
  });

  it('forget what retention no longer keeps', () => {
    end(NOON - 40 * DAY, DONE, {}, { result: { facts: { duration_ms: 5 } } });
    journal.activity.yielded(NOON - 40 * DAY, 500);
    journal.prune(new Date(NOON - 30 * DAY).toISOString(), new Date(NOON).toISOString());
    expect(journal.activity.days(NOON, 60).every(({ mediaMs, yieldedMs }) => mediaMs + yieldedMs === 0)).toBe(true);
  });
});

describe('time left to the editor', () => {
  it('is counted while work stands back for a person, and not for hours that were agreed', () => {
    const store = createStore(sampleSnapshot());
    let now = NOON;
    const stop = new AbortController();
    const clock = { now: () => now, monotonic: () => now };
    recordYieldTime({ store, clock, activity: journal.activity, signal: stop.signal });
    const since = new Date(NOON).toISOString();
    const say = (...reasons: YieldReason[]): void =>
      store.emit({ type: 'yieldingChanged', yielding: reasons.length === 0 ? null : { reasons } });
    const quiet: YieldReason = { kind: 'quiet-hours', since, until: since };
    say(quiet);
    now += 60_000;
    say(quiet, { kind: 'watched-program', since, program: 'Resolve' });
    now += 90_000;
    say(quiet);
    now += 60_000;
    say({ kind: 'paused', since });
    now += 10_000;
    stop.abort();
    now += 10_000;
    say();
    expect(journal.activity.days(NOON, 1)[0]?.yieldedMs).toBe(100_000);
  });
});

describe('looking back', () => {
  it('finds parts of a path in any case, taking signs of patterns as they are', () => {
    for (let index = 0; index < 5; index += 1) end(NOON, DONE);
    end(NOON, DONE, { sourcePath: 'RUSHES/Interview/100 percent.wav', jobType: 'transcribe_audio' });
    const found = (search: string): number => journal.history({ done: true, search, limit: 50 }).items.length;
    expect(found('interview/')).toBe(1);
    expect(found('100%')).toBe(5);
    expect(found('%.wav')).toBe(0);
    expect(found('_1')).toBe(5);
    expect(journal.history({ done: true, jobType: 'transcribe_audio', limit: 50 }).items).toHaveLength(1);
  });

  it('goes back page by page within a search', () => {
    for (let index = 0; index < 5; index += 1) end(NOON, DONE);
    const first = journal.history({ done: true, search: 'day1', limit: 3 });
    const rest = journal.history({ done: true, search: 'day1', limit: 3, before: Number(first.nextCursor) });
    expect([first.items.length, rest.items.length, rest.nextCursor]).toEqual([3, 2, undefined]);
  });
});
