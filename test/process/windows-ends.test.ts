import { describe, expect, it } from 'vitest';
import { endOf } from '../../electron/work/process/child-end.ts';
import { parseRows } from '../../electron/work/process/windows-children.ts';

describe('how a program of Windows ended', () => {
  it.each([
    [0xc000_0005, '0xC0000005', 'an access violation'],
    [0xc000_0135, '0xC0000135', 'a library that is not there'],
    [0xc000_013a, '0xC000013A', 'Ctrl+C'],
  ])('%i is a crash, told as %s: %s', (code, signal) => {
    expect(endOf(code, null, 'win32')).toEqual({ kind: 'signalled', signal });
    expect(endOf(code, null, 'linux')).toEqual({ kind: 'exited', code });
  });

  it.each([0, 1, 137, 0xffff_fffe, 0xbebb_b1b7])(
    '%i is the program’s own code, as ffmpeg’s negative ones are',
    (code) => {
      expect(endOf(code, null, 'win32')).toEqual({ kind: 'exited', code });
    },
  );
});

describe('who has which parent on Windows', () => {
  const rows = [
    { name: 'ffmpeg.exe', parent: 56, pid: 88 },
    { name: 'System Idle Process', parent: 0, pid: 4 },
  ];

  it('is read from what WMIC writes, in UTF-16', () => {
    const head = 'Name                 ParentProcessId  ProcessId  \r\r\n';
    const text = `${head}ffmpeg.exe           56               88         \r\r\nSystem Idle Process  0                4          \r\r\n`;
    expect(parseRows(Buffer.from(`\uFEFF${text}`, 'utf16le'))).toEqual(rows);
  });

  it('is read from what PowerShell writes', () => {
    expect(parseRows(Buffer.from('ffmpeg.exe 56 88\r\nSystem Idle Process 0 4\r\n'))).toEqual(rows);
  });
});
