import { expect, it } from 'vitest';
import { causeInShort, failureGroups, rowsOf } from '../../renderer/failures/groups.ts';
import { failure, type FailureCode } from '../../shared/failure.ts';
import type { EndedJob, Ending } from '../../shared/snapshot.ts';
import { uuidOf } from '../support/sample-snapshot.ts';

let number = 0;

function ended(ending: Ending): EndedJob {
  number += 1;
  return {
    jobId: uuidOf(number),
    jobType: 'generate_video_proxies',
    assetUuid: uuidOf(number + 1000),
    sourcePath: `RUSHES/clip ${number}.mov`,
    claimedAt: '2026-03-02T08:00:00.000Z',
    endedAt: '2026-03-02T08:00:01.000Z',
    wallMs: 1000,
    ending,
  };
}

const failed = (code: FailureCode, message: string): EndedJob =>
  ended({ kind: 'failed', failure: failure(code, message) });

it('groups failures of one cause, whatever file, path or number the sentence names', () => {
  const groups = failureGroups([
    failed('SOURCE_UNREADABLE', 'The file “a.mov” is missing.'),
    failed('ENCODE_FAILED', 'ffmpeg ended after 12.5 s.'),
    failed('SOURCE_UNREADABLE', 'The file “b c.mov” is missing.'),
    failed('ENCODE_FAILED', 'ffmpeg ended after 3 s.'),
    ended({ kind: 'cancelled' }),
    ended({ kind: 'cancelled' }),
    ended({ kind: 'lease-lost' }),
  ]);
  expect(groups.map(({ jobs }) => jobs.length)).toEqual([2, 2, 2, 1]);
});

it('keeps causes apart that differ in code, in ending or in what happened', () => {
  const groups = failureGroups([
    failed('SOURCE_UNREADABLE', 'The file ends in the middle.'),
    failed('SOURCE_UNREADABLE', 'The file is missing.'),
    failed('ENCODE_FAILED', 'The file is missing.'),
    ended({ kind: 'given-back', failure: failure('SOURCE_GROWING', 'The file is missing.') }),
  ]);
  expect(groups).toHaveLength(4);
});

it('has one row per file below its cause, and folds a cause of many files unless it is looked at', () => {
  const many = Array.from({ length: 13 }, () => failed('SOURCE_UNREADABLE', 'The file is missing.'));
  const twice = failed('ENCODE_FAILED', 'It broke.');
  const wave: EndedJob = { ...twice, jobId: uuidOf(1), jobType: 'generate_audio_waveform' };
  const groups = failureGroups([...many, twice, wave]);
  const shape = (chosen?: string, folds = new Map<string, boolean>()) =>
    rowsOf(groups, folds, chosen).map((row) => (row.kind === 'cause' ? row.isOpen : row.jobs.length));
  expect(shape()).toEqual([false, true, 2]);
  expect(shape(many[0]?.jobId)).toHaveLength(13 + 3);
  expect(shape(many[0]?.jobId, new Map([[groups[0]?.key ?? '', false]]))).toEqual([false, true, 2]);
  expect(rowsOf(groups.slice(0, 1), new Map(), undefined), 'the only cause').toHaveLength(14);
});

it('names a cause without the first file’s name and without the advice', () => {
  const short = (said: string): string => causeInShort(said, 'RUSHES/A-cam/b c.mov', 'this file');
  expect(short('“b c.mov” cannot be read: its index is missing; copy it again; if not, it was cut.')).toBe(
    'This file cannot be read: its index is missing.',
  );
  expect(short('Aucune image de « b c.mov » ne peut être décodée.')).toBe(
    'Aucune image de this file ne peut être décodée.',
  );
  expect(short('“A-cam/b c.mov” does not exist.')).toBe('This file does not exist.');
  expect(short('The disk is full.')).toBe('The disk is full.');
});
