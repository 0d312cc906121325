import { describe, expect, it } from 'vitest';
import {
  doneAssets,
  explain,
  joinHistory,
  navCounts,
  pictures,
  poster,
  posterOf,
  stageKey,
  waitGroups,
  withoutCapability,
} from '../../renderer/selectors.ts';
import { queuedFiles } from '../../renderer/queue/queued-files.ts';
import { workAhead } from '../../renderer/queue/work-ahead.ts';
import { failure } from '../../shared/failure.ts';
import type { EndedArtifact, EndedJob } from '../../shared/snapshot.ts';
import type { JobType } from '../../shared/job.ts';
import { runningJobs, waitingJobs } from '../support/busy-agent.ts';
import { REAL_NAMES, realQueue } from '../support/real-names.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';

function endedJob(jobType: JobType, wallMs: number): EndedJob {
  const at = '2026-03-02T08:00:00.000Z';
  const ids = { jobId: uuidOf(1), assetUuid: uuidOf(2), sourcePath: 'RUSHES/a.mov' };
  return { ...ids, jobType, claimedAt: at, endedAt: at, wallMs, ending: { kind: 'done', artifacts: [], warnings: [] } };
}

const thumb = (ref: string, timeMs: number): EndedArtifact => ({
  kind: 'thumb',
  ref,
  contentType: 'image/webp',
  sizeBytes: 1,
  timeMs,
});

const done = (
  job: number,
  asset: number,
  endedAt: string,
  artifacts: EndedArtifact[] = [],
  jobType?: JobType,
): EndedJob => ({
  jobId: uuidOf(job),
  jobType: jobType ?? 'generate_thumbnails',
  assetUuid: uuidOf(asset),
  sourcePath: `R/${asset}.mov`,
  claimedAt: endedAt,
  endedAt,
  wallMs: 1,
  ending: { kind: 'done', artifacts, warnings: artifacts.length > 2 ? [{ code: 'W', message: 'w' }] : [] },
});

describe('done files', () => {
  const board = [thumb('c', 30), thumb('a', 10), thumb('b', 20)];
  const jobs = [
    done(1, 100, '2026-03-02T08:00:01Z', board),
    done(2, 200, '2026-03-02T08:00:02Z'),
    done(3, 100, '2026-03-02T08:00:03Z', [], 'generate_audio_waveform'),
    { ...done(4, 300, '2026-03-02T08:00:09Z'), ending: { kind: 'cancelled' } } satisfies EndedJob,
  ];

  it('are grouped by file, the newest first', () => {
    const assets = doneAssets(jobs);
    expect(assets.map(({ assetUuid }) => assetUuid)).toEqual([uuidOf(100), uuidOf(200)]);
    expect(assets[0]?.jobs.map(({ jobId }) => jobId)).toEqual([uuidOf(3), uuidOf(1)]);
    expect(assets[0]?.warnings).toHaveLength(1);
    expect(assets[0]?.endedAt).toBe('2026-03-02T08:00:03Z');
  });

  it('show their pictures in time order, and one from the middle', () => {
    expect(pictures(board).map(({ ref }) => ref)).toEqual(['a', 'b', 'c']);
    expect(poster(board)?.ref).toBe('b');
    expect(poster([thumb('only', 1)])?.ref).toBe('only');
    expect(poster([])).toBeUndefined();
    expect(posterOf(jobs, uuidOf(100))?.ref).toBe('b');
    expect(posterOf(jobs, uuidOf(200))).toBeUndefined();
  });

  it('count a job that was sent twice once', () => {
    const [first] = jobs;
    if (first === undefined) throw new Error('no job');
    expect(joinHistory([first], [first, done(9, 900, 'x'), done(9, 900, 'x')]).map(({ jobId }) => jobId)).toEqual([
      uuidOf(1),
      uuidOf(9),
    ]);
  });
});

describe('counts', () => {
  it('groups what waits by its reason, most first', () => {
    const groups = waitGroups(waitingJobs(100));
    expect(groups[0]).toEqual({ kind: 'slot', count: 20 });
    expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(100);
  });

  it('counts files, however many jobs each of them has', () => {
    const waiting = realQueue();
    expect(navCounts(sampleSnapshot({ waiting })).queue).toBe(REAL_NAMES.length);
    const counts = new Map(waitGroups(waiting).map(({ kind, count }) => [kind, count]));
    expect(counts.get('slot')).toBe(REAL_NAMES.length - 1);
    expect(queuedFiles(waiting).map(({ sourcePath }) => sourcePath)).toEqual(REAL_NAMES);
  });

  it('tells how long work will take by what such jobs took last, and nothing where none was done', () => {
    const [done] = [endedJob('generate_thumbnails', 10_000)];
    const snapshot = sampleSnapshot({ done: [done] });
    expect(workAhead({ generate_thumbnails: 12 }, snapshot), 'two at a time').toBe(60_000);
    expect(workAhead({ generate_thumbnails: 12, transcribe_audio: 1 }, snapshot)).toBeNull();
    expect(workAhead({}, snapshot)).toBeNull();
  });

  it('leaves out capabilities that lack nothing', () => {
    const backlog = { byStatus: {}, byMissingCapability: { a: 1, b: 0, c: 12 } };
    expect(withoutCapability({ backlog })).toEqual([
      ['c', 12],
      ['a', 1],
    ]);
    expect(withoutCapability({ backlog: null })).toEqual([]);
  });

  it('counts all files of which something was ever made, also beyond what the snapshot holds', () => {
    const snapshot = sampleSnapshot({
      waiting: waitingJobs(7),
      totals: { done: 900, doneFiles: 300, failed: 0, givenBack: 0 },
    });
    expect(navCounts(snapshot)).toEqual({ now: 0, queue: 7, done: 300, failures: 0 });
  });
});

describe('whose fault', () => {
  it.each([
    ['SOURCE_UNREADABLE', 'file'],
    ['INVALID_JOB', 'job'],
    ['ENCODE_FAILED', 'machine'],
    ['UPLOAD_FAILED', 'server'],
    ['TIMEOUT', 'moment'],
  ] as const)('%s is the fault of the %s', (code, fault) => {
    const value = failure(code, 'x');
    expect(explain({ kind: 'failed', failure: value })).toEqual({ fault, code, failure: value });
  });

  it('knows the endings without a failure', () => {
    expect(explain({ kind: 'lease-lost' })).toEqual({ fault: 'server' });
    expect(explain({ kind: 'cancelled' })).toEqual({ fault: 'person' });
  });
});

describe('what a held job does', () => {
  it('is what a person or the machine wants of it, before its own step', () => {
    const [job] = runningJobs();
    if (job === undefined) throw new Error('The sample has no running job');
    expect(stageKey(job)).toBe('encoding');
    expect(stageKey({ ...job, delivering: true })).toBe('delivering');
    expect(stageKey({ ...job, delivering: true, suspended: true })).toBe('suspended');
    expect(stageKey({ ...job, suspended: true, cancelRequested: true })).toBe('cancelling');
  });
});
