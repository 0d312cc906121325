import { describe, expect, it } from 'vitest';
import {
  capabilityState,
  isDeclared,
  newRecord,
  retestDelayMs,
  withOutcome,
  withProof,
  type CapabilityRecord,
} from '../../electron/work/capabilities/declared.ts';
import { failure, type FailureCode } from '../../shared/failure.ts';
import type { ProofState } from '../../shared/capability-state.ts';

const AT = '2026-01-01T00:00:00.000Z';
const passed: ProofState = { status: 'passed', ranAt: AT, wallMs: 10, what: 'a run' };
const failed: ProofState = {
  status: 'failed',
  ranAt: AT,
  wallMs: 10,
  what: 'a run',
  reason: { code: 'X', message: 'x' },
};
const fresh = newRecord('media.thumbnails@1', 'generate_thumbnails', true);
const proved = withProof(fresh, passed);

const after = (record: CapabilityRecord, ...codes: readonly (FailureCode | 'success')[]): CapabilityRecord =>
  codes.reduce((r, code) => withOutcome(r, code === 'success' ? code : failure(code, `${code} happened.`), AT), record);

describe('declared', () => {
  it('is switched on, proved and not withdrawn', () => {
    expect(isDeclared(fresh)).toBe(false);
    expect(isDeclared(proved)).toBe(true);
    expect(isDeclared({ ...proved, enabled: false })).toBe(false);
    expect(isDeclared(withProof(proved, failed))).toBe(false);
    expect(isDeclared(withProof(proved, { status: 'running', startedAt: AT }))).toBe(false);
  });

  it('three machine faults in a row withdraw it, two do not', () => {
    expect(isDeclared(after(proved, 'RENDER_FAILED', 'OUT_OF_MEMORY'))).toBe(true);
    const withdrawn = after(proved, 'RENDER_FAILED', 'OUT_OF_MEMORY', 'STALLED');
    expect(isDeclared(withdrawn)).toBe(false);
    expect(capabilityState(withdrawn).withdrawn).toEqual({
      since: AT,
      because: failure('STALLED', 'STALLED happened.'),
    });
  });

  it('a success in between resets the count', () => {
    expect(
      isDeclared(after(proved, 'RENDER_FAILED', 'RENDER_FAILED', 'success', 'RENDER_FAILED', 'RENDER_FAILED')),
    ).toBe(true);
  });

  it('bad files and people say nothing about the machine', () => {
    const bad: readonly FailureCode[] = ['SOURCE_UNREADABLE', 'CANCELLED', 'NO_VIDEO_TRACK', 'PREEMPTED', 'DISK_FULL'];
    expect(after(proved, ...bad, ...bad)).toBe(proved);
    expect(isDeclared(after(proved, 'RENDER_FAILED', 'SOURCE_UNREADABLE', 'RENDER_FAILED', 'RENDER_FAILED'))).toBe(
      false,
    );
  });

  it('a proof that passes restores it, one that fails does not', () => {
    const withdrawn = after(proved, 'INTERNAL', 'INTERNAL', 'INTERNAL');
    expect(isDeclared(withProof(withdrawn, failed))).toBe(false);
    expect(isDeclared(withProof(withdrawn, passed))).toBe(true);
    expect(isDeclared(after(withProof(withdrawn, passed), 'INTERNAL', 'INTERNAL'))).toBe(true);
  });

  it('waits longer before each proof when withdrawals repeat without a success', () => {
    expect([1, 2, 3, 4, 12].map((withdrawals) => retestDelayMs({ withdrawals }))).toEqual([
      0, 60_000, 120_000, 240_000, 3_600_000,
    ]);
    const twice = after(
      withProof(after(proved, 'INTERNAL', 'INTERNAL', 'INTERNAL'), passed),
      'INTERNAL',
      'INTERNAL',
      'INTERNAL',
    );
    expect(twice.withdrawals).toBe(2);
    expect(after(withProof(twice, passed), 'success').withdrawals).toBe(0);
  });
});
