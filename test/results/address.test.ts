import { describe, expect, it } from 'vitest';
import { bars, roundTop } from '../../renderer/activity/chart-data.ts';
import { exportName } from '../../renderer/results/download.ts';
import { localPath } from '../../renderer/results/file-place.tsx';
import { stillAt, spread } from '../../renderer/results/storyboard.ts';
import { queryOf } from '../../renderer/hash-route.ts';
import { parseRoute, routeTo } from '../../renderer/route.ts';

describe('the address', () => {
  it('carries a view, what is chosen and the filters', () => {
    expect(parseRoute('#/done/a%2Fb?q=scene+12&type=x')).toEqual({
      view: 'done',
      chosen: 'a/b',
      query: 'q=scene+12&type=x',
    });
    expect(parseRoute('#/queue?q=x')).toEqual({ view: 'queue', query: 'q=x' });
    expect(parseRoute('#/done/x')).toEqual({ view: 'done', chosen: 'x' });
    expect(parseRoute('')).toEqual({ view: 'now' });
    expect(routeTo('done', 'a/b?c', 'q=1')).toBe('#/done/a%2Fb%3Fc?q=1');
    expect(parseRoute(routeTo('done', 'a/b?c', 'q=1'))).toEqual({ view: 'done', chosen: 'a/b?c', query: 'q=1' });
    expect(queryOf('#/done')).toBe('');
  });
});

describe('a source’s path on this machine', () => {
  it('is found by the name of its media root', () => {
    const roots = [
      { name: 'RUSHES', path: '/mnt/nas/rushes/' },
      { name: 'WIN', path: 'D:\\media' },
    ];
    expect(localPath('RUSHES/day 1/a.mov', roots)).toBe('/mnt/nas/rushes/day 1/a.mov');
    expect(localPath('WIN/day 1/a.mov', roots)).toBe('D:\\media\\day 1\\a.mov');
    expect(localPath('OTHER/a.mov', roots)).toBeNull();
  });
});

describe('exportName', () => {
  it('is a name that every file system takes', () => {
    expect(exportName('A001.C002.mov', 'srt')).toBe('A001.C002.srt');
    expect(exportName('what: "this"?.mov', 'vtt')).toBe('what_ _this__.vtt');
    expect(exportName('.mov', 'txt')).toBe('transcript.txt');
  });
});

describe('the storyboard', () => {
  const stills = [0, 1000, 2000].map((timeMs) => ({ ref: String(timeMs), timeMs, width: 1, height: 1 }));
  it('finds the picture at a moment', () => {
    expect([-1, 0, 0.99, 1, 5].map((seconds) => stillAt(stills, seconds)?.timeMs)).toEqual([0, 0, 0, 1000, 2000]);
    expect(stillAt([], 1)).toBeUndefined();
    expect(spread(stills, 2).map(({ timeMs }) => timeMs)).toEqual([0, 2000]);
  });
});

describe('the chart', () => {
  const day = { day: '2026-03-02', done: 8, failed: 2, givenBack: 5, mediaMs: 90_000, yieldedMs: 3_600_000 };
  it('counts jobs that came to an end, and minutes', () => {
    expect(bars([day], 'jobs')).toEqual([{ day: '2026-03-02', value: 10, failed: 2 }]);
    expect(bars([day], 'media')[0]?.value).toBe(1.5);
    expect(bars([day], 'yielded')[0]?.value).toBe(60);
  });

  it('ends at a round number', () => {
    expect([0, 1, 3, 12, 51, 999].map((value) => roundTop([value]))).toEqual([1, 1, 5, 20, 100, 1000]);
  });
});
