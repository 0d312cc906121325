import { describe, expect, it } from 'vitest';
import { isDeclared, newRecord, withProof } from '../../electron/work/capabilities/declared.ts';
import {
  blamed,
  newProfile,
  profileProblem,
  profileRetestMs,
  withProfileOutcome,
  withProfileProof,
  type ProfileRecord,
} from '../../electron/work/capabilities/profile-record.ts';
import type { ProofState } from '../../shared/capability-state.ts';
import { failure, type FailureCode } from '../../shared/failure.ts';

const AT = '2026-01-01T00:00:00.000Z';
const passed: ProofState = { status: 'passed', ranAt: AT, wallMs: 10, what: 'a run' };
const reason = { code: 'RENDER_FAILED', message: 'x' };
const failed: ProofState = { status: 'failed', ranAt: AT, wallMs: 10, what: 'a run', reason };
const proved = withProfileProof(newProfile('scrub_sprite_v1'), passed);

/** Ends on files of these names, one after the other; `-` is a success. */
function after(record: ProfileRecord, files: string, code: FailureCode = 'RENDER_FAILED'): ProfileRecord {
  return [...files].reduce(
    (one, file) =>
      withProfileOutcome(one, {
        outcome: file === '-' ? 'success' : failure(code, `${code} of ${file}.`),
        assetUuid: file,
        at: AT,
      }),
    record,
  );
}

const problem = (record: ProfileRecord): string | null => profileProblem([record], record.name);

describe('the standing of a profile', () => {
  it('is untested, then made or failed; what is not proved here is nobody’s problem', () => {
    expect(problem(newProfile('a'))).toBe('untested');
    expect(problem(proved)).toBeNull();
    expect(problem(withProfileProof(proved, failed))).toBe('failed');
    expect(profileProblem([proved], 'of_another_agent_v9')).toBeNull();
  });

  it('three different files in a row withdraw it; one file three times, or a success in between, do not', () => {
    expect(problem(after(proved, 'abc'))).toBe('failed');
    expect(after(proved, 'abc').withdrawn).toEqual({
      since: AT,
      because: failure('RENDER_FAILED', 'RENDER_FAILED of c.'),
    });
    for (const files of ['ab', 'aaaa', 'abab', 'ab-cd']) expect(problem(after(proved, files)), files).toBeNull();
  });

  it('files that cannot be read, full disks and tools that are gone say nothing about it', () => {
    for (const code of ['SOURCE_UNREADABLE', 'DISK_FULL', 'ENGINE_UNAVAILABLE', 'TIMEOUT', 'CANCELLED'] as const) {
      expect(after(proved, 'abcd', code), code).toBe(proved);
    }
  });

  it('a proof that passes brings it back, one that fails does not; the next is later each time', () => {
    const withdrawn = after(proved, 'abc');
    expect(problem(withProfileProof(withdrawn, failed))).toBe('failed');
    const back = withProfileProof(withdrawn, passed);
    expect(problem(back)).toBeNull();
    const again = after(back, 'def');
    expect(problem(again)).toBe('failed');
    expect([withdrawn, again, after(back, '-'), withProfileProof(again, failed)].map(profileRetestMs)).toEqual([
      60_000, 120_000, 60_000, 120_000,
    ]);
  });

  it('blames the machine from the third file on, and says of which file it speaks', () => {
    const value = failure('RENDER_FAILED', 'No picture came.', { exitCode: 8 });
    expect(blamed(after(proved, 'ab'), value)).toBeUndefined();
    expect(blamed(after(proved, 'abc'), value)).toEqual({
      code: 'ENGINE_UNAVAILABLE',
      retryable: true,
      message:
        'This machine cannot make “scrub_sprite_v1” now: it failed on 3 different files in a row. Of this one: No picture came.',
      detail: { exitCode: 8, subject: 'scrub_sprite_v1' },
    });
    expect(blamed(after(proved, 'abc'), failure('SOURCE_UNREADABLE', 'It is empty.'))).toBeUndefined();
  });

  it('lets a capability be declared while one of its profiles is made', () => {
    const capability = withProof(newRecord('media.thumbnails@1', 'generate_thumbnails', true), passed);
    const bad = withProfileProof(newProfile('b'), failed);
    expect(isDeclared(capability, [proved, bad])).toBe(true);
    expect(isDeclared(withProof(capability, failed), [bad, proved])).toBe(true);
    expect(isDeclared(capability, [bad, newProfile('c')])).toBe(false);
    expect(isDeclared({ ...capability, enabled: false }, [proved])).toBe(false);
  });
});
