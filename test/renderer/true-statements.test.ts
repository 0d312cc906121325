import { describe, expect, it } from 'vitest';
import { comparedBy } from '../../renderer/results/fact-table.ts';
import { isFirstRun } from '../../renderer/selectors.ts';
import { oneTimeTokenIn } from '../../shared/one-time-token.ts';
import { endingOf } from '../../shared/file-endings.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';

describe('what the page says', () => {
  it('claims no picture of a proxy of sound', () => {
    const { lines, others } = comparedBy('edit_prores_proxy_v1', false);
    expect([...lines].sort()).toEqual(['duration', 'sound', 'video']);
    expect(others).toEqual(['first_and_last_frame']);
    expect(comparedBy('edit_prores_proxy_v1', true).lines).toContain('frames');
  });

  it('is no first run while the server knows of jobs', () => {
    const { agent } = sampleSnapshot();
    const nothing = {
      running: [],
      waiting: [],
      done: [],
      failures: [],
      totals: { ...sampleSnapshot().totals, done: 0, failed: 0 },
    };
    const first = sampleSnapshot({
      ...nothing,
      backlog: null,
      agent: { ...agent, embeddedServer: true, phase: 'working' },
    });
    expect(isFirstRun(first)).toBe(true);
    const backlog = { byStatus: { pending: 100, claimed: 0, completed: 0, failed: 0 }, byMissingCapability: {} };
    expect(isFirstRun({ ...first, backlog })).toBe(false);
  });

  it('knows a one-time token in the answer it came in', () => {
    expect(oneTimeTokenIn(' abc\n')).toBe('abc');
    expect(oneTimeTokenIn('{"token": "abc", "expires_at": "2026-12-01T00:00:00Z"}\n')).toBe('abc');
    expect(oneTimeTokenIn('{"token')).toBe('{"token');
    expect(oneTimeTokenIn('')).toBe('');
  });

  it('names the endings that are written', () => {
    expect(['video/mp4', 'video/quicktime', 'audio/mp4', 'x/y'].map(endingOf)).toEqual(['mp4', 'mov', 'm4a', 'bin']);
  });
});
