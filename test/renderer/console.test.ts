import { describe, expect, it } from 'vitest';
import { longestWait, overallState } from '../../renderer/console/overall-state.ts';
import { turnsOf } from '../../renderer/console/times.ts';
import type { PageJob, PageState, WaitGroup } from '../../shared/wire-page.ts';

const NOON = Date.parse('2026-03-02T12:00:00Z');
const at = (seconds: number): string => new Date(NOON + seconds * 1000).toISOString();

type Line = readonly [seconds: number, event: string, agent?: string];

function turns(state: PageJob['state'], now: number, ...lines: readonly Line[]) {
  const ledger = lines.map(([seconds, event, agent_name], sequence) => ({
    sequence,
    at: at(seconds),
    event,
    ...(agent_name === undefined ? {} : { agent_name }),
    detail: {},
  }));
  return turnsOf({ ledger, state }, NOON + now * 1000).map(({ agent, stretches }) => [
    agent,
    ...stretches.map(({ phase, from, to }) => `${phase} ${(to - from) / 1000}`),
  ]);
}

describe('where the time of a job went', () => {
  it('is told turn by turn, by what the ledger says', () => {
    const seen = turns(
      'done',
      500,
      [0, 'jobCreated'],
      [60, 'jobClaimed', 'edit-1'],
      [90, 'jobFailed', 'edit-1'],
      [100, 'jobClaimed', 'edit-2'],
      [130, 'uploadBegun', 'edit-2'],
      [131, 'uploadBegun', 'edit-2'],
      [140, 'uploadCompleted', 'edit-2'],
      [142, 'jobSubmitted', 'edit-2'],
    );
    expect(seen).toEqual([
      ['edit-1', 'waited 60', 'made 30', 'failed 0'],
      ['edit-2', 'waited 10', 'made 30', 'uploaded 10', 'accepted 2'],
    ]);
  });

  it('goes on up to now while a job waits or is worked on', () => {
    expect(turns('waiting', 25, [0, 'jobCreated'])).toEqual([[null, 'waited 25']]);
    expect(turns('running', 25, [0, 'jobCreated'], [5, 'jobClaimed', 'a'])).toEqual([['a', 'waited 5', 'runs 20']]);
    const lapsed = turns('waiting', 50, [0, 'jobCreated'], [5, 'jobClaimed', 'a'], [40, 'leaseExpired', 'a']);
    expect(lapsed).toEqual([
      ['a', 'waited 5', 'made 35', 'lapsed 0'],
      [null, 'waited 10'],
    ]);
  });

  it('waits anew from when somebody tries it again', () => {
    const lines: readonly Line[] = [
      [0, 'jobCreated'],
      [1, 'jobClaimed', 'a'],
      [2, 'jobFailed', 'a'],
      [3_600, 'jobRetried'],
    ];
    expect(turns('waiting', 3_610, ...lines).at(-1)).toEqual([null, 'waited 10']);
    expect(turns('cancelled', 9, [0, 'jobCreated'], [4, 'jobCancelled'])).toEqual([]);
  });
});

const group = (reason: WaitGroup['reason'], jobs: number, since?: number): WaitGroup => ({
  ...{ reason, jobs, at_least: false, able: 1, away: [], here: 1 },
  ...(since === undefined ? {} : { oldest: { job_id: `${reason} ${jobs}`, source_path: 'R/a.mov', since: at(since) } }),
});

function state(waiting: WaitGroup[], claimed = 0, here = 1): PageState {
  return {
    at: at(0),
    by_status: { pending: 0, claimed, completed: 0, failed: 0 },
    failures: 0,
    agents: { known: 1, here, working: 0, running: claimed, slots: 2 },
    completed_lately: 0,
    waiting,
    batches: [],
  };
}

describe('the whole in one sentence', () => {
  it('is the worst of what is so', () => {
    expect(overallState(state([]))).toEqual({ kind: 'idle' });
    expect(overallState(state([group('held', 4)]))).toEqual({ kind: 'idle' });
    expect(overallState(state([group('busy', 4), group('held', 2)]))).toEqual({ kind: 'starting', jobs: 4 });
    expect(overallState(state([group('busy', 4)], 2))).toEqual({ kind: 'working', jobs: 2 });
    const stuck = [group('capability', 4), group('capability', 3), group('root', 9), group('busy', 1)];
    expect(overallState(state(stuck, 2))).toMatchObject({ kind: 'stuck', jobs: 7, group: { reason: 'capability' } });
    expect(overallState(state(stuck, 0, 0))).toEqual({ kind: 'nobody' });
  });

  it('names what waits for longest, but for what somebody put on hold', () => {
    const waiting = [group('busy', 1, 50), group('root', 2, 20), group('held', 3, 0), group('soon', 4)];
    expect(longestWait(state(waiting))?.reason).toBe('root');
    expect(longestWait(state([group('held', 3, 0)]))).toBeNull();
  });
});
