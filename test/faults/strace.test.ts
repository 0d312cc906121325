import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readStrace, sentBeforeFlushed, unflushedOutputs } from './strace.ts';

/** Lines as strace 6 writes them with `-f -ttt -yy -s 0`. */
const GOOD = [
  '7 1.000001 write(20</w/runs/a/t.tmp>, ""..., 100) = 100',
  '8 1.000002 fsync(21</w/runs/a/t.tmp> <unfinished ...>',
  '7 1.000003 pwrite64(9</w/journal.sqlite-wal>, ""..., 24, 0) = 24',
  '7 1.000004 fdatasync(9</w/journal.sqlite-wal>) = 0',
  '7 1.000005 write(30<TCP:[127.0.0.1:5->127.0.0.1:6]>, ""..., 80) = 80',
  '8 1.000006 <... fsync resumed>) = 0',
  '9 1.000007 rename("/w/runs/a/t.tmp", "/w/runs/a/t.webp") = 0',
  '8 1.000008 fsync(22</w/runs/a>) = 0',
  '7 1.000009 pwrite64(9</w/journal.sqlite-wal>, ""..., 24, 24) = 24',
  '7 1.000010 fdatasync(9</w/journal.sqlite-wal>) = -1 EIO (Input/output error) (INJECTED)',
];
const folder = mkdtempSync(join(tmpdir(), 'rc-strace-'));
afterAll(() => rmSync(folder, { recursive: true }));
const read = (lines: readonly string[]) => {
  const path = join(folder, 'trace');
  writeFileSync(path, lines.join('\n'));
  return readStrace(path);
};
const isOutput = (path: string): boolean => path.startsWith('/w/runs/');
const without = (part: string): string[] => GOOD.filter((line) => !line.includes(part));

describe('what strace saw', () => {
  it('is read with calls that overlap', () => {
    const calls = read(GOOD);
    expect(calls.find(({ name }) => name === 'fsync')).toMatchObject({
      thread: 8,
      target: '/w/runs/a/t.tmp',
      began: 1,
      ended: 5,
      ok: true,
    });
    expect(calls.at(-1)).toMatchObject({ ok: false, injected: true });
  });

  it('passes when it is in order', () => {
    expect([unflushedOutputs(read(GOOD), isOutput), sentBeforeFlushed(read(GOOD))]).toEqual([[], []]);
  });

  it.each([
    ['no flush of the data', 'fsync(21', 'renamed before it was flushed'],
    ['no flush of the folder', 'fsync(22', 'its folder was not flushed before the next commit'],
  ])('tells of %s', (_, part, problem) => {
    const lines = without(part).filter((line) => !(part === 'fsync(21' && line.includes('resumed')));
    expect(unflushedOutputs(read(lines), isOutput)).toEqual([`/w/runs/a/t.webp: ${problem}`]);
  });

  it('sees a file that was copied into, and a folder that was flushed after a commit', () => {
    const lines = [
      '7 1.000001 copy_file_range(19</w/from>, NULL, 20</w/runs/a/t.tmp>, NULL, 100, 0) = 100',
      ...GOOD.slice(1, 7),
      '7 1.000008 pwrite64(9</w/journal.sqlite-wal>, ""..., 24, 0) = 24',
      '8 1.000009 fsync(22</w/runs/a>) = 0',
    ];
    expect(unflushedOutputs(read(lines), isOutput)).toEqual([
      '/w/runs/a/t.webp: its folder was not flushed before the next commit',
    ]);
    expect(unflushedOutputs(read(lines), isOutput, false)).toEqual([]);
    expect(unflushedOutputs(read(lines.slice(1)), isOutput, false)).toEqual([
      '/w/runs/a/t.webp: nobody was seen to write it',
    ]);
  });

  it('takes a flush that failed for none', () => {
    const lines = GOOD.map((line) => (line.includes('fsync(22') ? line.replace('= 0', '= -1 EIO (INJECTED)') : line));
    expect(unflushedOutputs(read(lines), isOutput, false)).toEqual(['/w/runs/a/t.webp: its folder was not flushed']);
  });

  it('tells of words sent before their commit was flushed', () => {
    const early = sentBeforeFlushed(read(without('1.000004')));
    expect(early).toHaveLength(1);
  });
});
