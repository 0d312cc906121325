import { describe, expect, it } from 'vitest';
import { estimateTimeLeft, recordProgress, speedOf, type ProgressSample } from '../../renderer/progress-history.ts';
import type { RunningJob } from '../../shared/snapshot.ts';
import { uuidOf } from '../support/sample-snapshot.ts';

const steady = (seconds: number, perSecond: number, from = 0): ProgressSample[] =>
  Array.from({ length: seconds + 1 }, (_, second) => ({ at: second * 1000, progress: from + second * perSecond }));

const job = (change: Partial<RunningJob> = {}): RunningJob => ({
  jobId: uuidOf(1),
  jobType: 'generate_video_proxies',
  assetUuid: uuidOf(2),
  sourcePath: 'R/a.mov',
  stage: 'encoding',
  progress: 0.5,
  claimedAt: '2026-03-02T08:00:00Z',
  stageSince: '2026-03-02T08:00:00Z',
  delivering: false,
  cancelRequested: false,
  suspended: false,
  ...change,
});

describe('time left', () => {
  it('is exact for a steady job', () => {
    const left = estimateTimeLeft(steady(20, 0.01), 20_000);
    expect(left?.lowMs).toBeCloseTo(80_000, -2);
    expect(left?.highMs).toBeCloseTo(80_000, -2);
  });

  it('spreads with the speed, and holds the true value inside', () => {
    const samples = Array.from({ length: 61 }, (_, second) => ({
      at: second * 1000,
      progress: 0.005 * second + 0.02 * Math.sin(second / 6),
    }));
    const left = estimateTimeLeft(samples, 60_000);
    const truth = (1 - 0.005 * 60) / 0.005 / 1000;
    expect(left?.lowMs).toBeLessThan(truth * 1_000_000);
    expect(left?.highMs).toBeGreaterThan((left?.lowMs ?? 0) * 1.3);
    expect((left?.lowMs ?? 0) / 1000).toBeLessThan(140);
    expect((left?.highMs ?? 0) / 1000).toBeGreaterThan(140);
  });

  it('says nothing before it knows something', () => {
    expect(estimateTimeLeft([], 0)).toBeNull();
    expect(estimateTimeLeft(steady(3, 0.01), 3000)).toBeNull();
    expect(estimateTimeLeft(steady(60, 0.0001), 60_000)).toBeNull();
    expect(estimateTimeLeft(steady(60, 0), 60_000)).toBeNull();
  });

  it('runs on between two samples, and never below nothing', () => {
    const samples = steady(20, 0.01);
    expect(estimateTimeLeft(samples, 30_000)?.lowMs).toBeCloseTo(70_000, -2);
    expect(estimateTimeLeft(samples, 999_000)).toEqual({ lowMs: 0, highMs: 0 });
  });
});

describe('the record', () => {
  it('takes a sample a second, bounded, and forgets ended jobs', () => {
    let history = recordProgress({}, [job()], 0);
    for (let ms = 100; ms <= 300_000; ms += 100) history = recordProgress(history, [job()], ms);
    expect(history[uuidOf(1)]).toHaveLength(120);
    expect(recordProgress(history, [], 300_001)).toEqual({});
  });

  it('stays the same object while nothing changes, so that nothing is drawn', () => {
    const history = recordProgress({}, [job()], 0);
    expect(recordProgress(history, [job()], 10)).toBe(history);
  });

  it('begins anew after a suspension', () => {
    const history = recordProgress({}, [job()], 0);
    expect(recordProgress(history, [job({ suspended: true })], 2000)[uuidOf(1)]).toEqual([]);
  });
});

describe('speed', () => {
  it('is media time over time, and pictures a second where there are pictures', () => {
    // A minute of media stands for the whole; a hundredth of it each second are 0.6 s of media.
    expect(speedOf(steady(20, 0.01), { mediaMs: 60_000, fps: 25 })?.times).toBeCloseTo(0.6);
    expect(speedOf(steady(20, 0.01), { mediaMs: 60_000, fps: 25 })?.fps).toBeCloseTo(15);
    expect(speedOf(steady(20, 0.01), { mediaMs: 60_000 })).not.toHaveProperty('fps');
  });

  it('is what it was lately, and nothing while too little is known or nothing moves', () => {
    const slowed = [
      ...steady(60, 0.01),
      ...steady(15, 0.001, 0.6).map(({ at, progress }) => ({ at: at + 61_000, progress })),
    ];
    expect(speedOf(slowed, { mediaMs: 60_000 })?.times).toBeCloseTo(0.06);
    expect(speedOf(steady(3, 0.01), { mediaMs: 60_000 })).toBeNull();
    expect(speedOf(steady(20, 0), { mediaMs: 60_000 })).toBeNull();
  });
});
