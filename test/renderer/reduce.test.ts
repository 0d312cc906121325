import { describe, expect, it } from 'vitest';
import type { AgentEvent } from '../../shared/event.ts';
import { failure } from '../../shared/failure.ts';
import { reduce } from '../../shared/reduce.ts';
import { HISTORY_LIMIT, type EndedJob, type Ending } from '../../shared/snapshot.ts';
import { waitingJobs } from '../support/busy-agent.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';

const at = '2026-03-02T08:00:00.000Z';
const claimed = (number: number): AgentEvent => ({
  type: 'jobClaimed',
  at,
  jobId: uuidOf(number),
  jobType: 'generate_thumbnails',
  assetUuid: uuidOf(1),
  sourcePath: 'R/a.mov',
});
const ended = (number: number, ending: Ending): AgentEvent => ({
  type: 'jobEnded',
  job: {
    jobId: uuidOf(number),
    jobType: 'generate_thumbnails',
    assetUuid: uuidOf(1),
    sourcePath: 'R/a.mov',
    claimedAt: at,
    endedAt: at,
    wallMs: 1,
    ending,
  } satisfies EndedJob,
});
const done: Ending = { kind: 'done', artifacts: [], warnings: [] };
const failed: Ending = { kind: 'failed', failure: failure('ENCODE_FAILED', 'x') };

/** Frozen all the way down: a reducer that writes into its input throws. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}
const run = (events: readonly AgentEvent[], from = sampleSnapshot()) =>
  events.reduce((snapshot, event) => frozen(reduce(snapshot, event)), frozen(from));

describe('reduce', () => {
  it('counts every event and leaves its input alone', () => {
    expect(run([claimed(1), { type: 'progressMade', jobId: uuidOf(1), progress: 0.4 }])).toMatchObject({
      revision: 2,
      running: [{ jobId: uuidOf(1), stage: 'claimed', progress: 0.4 }],
    });
  });

  it('moves a job from waiting to running to done', () => {
    const from = sampleSnapshot({ waiting: waitingJobs(3) });
    const running = run([claimed(10_001)], from);
    expect(running.waiting.map(({ jobId }) => jobId)).toEqual([uuidOf(10_000), uuidOf(10_002)]);
    const over = run([ended(10_001, done)], running);
    expect([over.running.length, over.done.length, over.totals.done]).toEqual([0, 1, 1]);
  });

  it('a success takes the earlier failure of the same job away', () => {
    const snapshot = run([claimed(1), ended(1, failed), claimed(1), ended(1, done)]);
    expect([snapshot.failures.length, snapshot.done.length]).toEqual([0, 1]);
    expect(snapshot.totals).toEqual({ done: 1, doneFiles: 0, failed: 1, givenBack: 0 });
  });

  it('keeps a bounded history, newest first', () => {
    const events = Array.from({ length: HISTORY_LIMIT + 20 }, (_, index) => ended(index, done));
    const snapshot = run(events);
    expect([snapshot.done.length, snapshot.totals.done]).toEqual([HISTORY_LIMIT, HISTORY_LIMIT + 20]);
    expect(snapshot.done[0]?.jobId).toBe(uuidOf(HISTORY_LIMIT + 19));
  });

  it('what is said of a job that does not run here changes nothing but the revision', () => {
    const snapshot = sampleSnapshot();
    const { revision, ...rest } = run([{ type: 'progressMade', jobId: uuidOf(9), progress: 1 }], snapshot);
    expect([revision, rest]).toEqual([1, { ...rest, running: [] }]);
  });

  it('keeps the server’s address and policy when only the link changes', () => {
    const policy = { minPollIntervalSeconds: 7 } as const;
    const snapshot = run([
      {
        type: 'registered',
        agentId: uuidOf(5),
        policy: {
          ...policy,
          maxParallelJobs: undefined,
          allowedJobTypes: undefined,
          quietHours: undefined,
        },
      },
      { type: 'serverLinkChanged', server: { link: 'unreachable', since: at } },
    ]);
    expect(snapshot.server).toMatchObject({ url: 'http://127.0.0.1:4750', link: 'unreachable', policy });
  });
});
