import { describe, expect, it } from 'vitest';
import { possibleName } from '../../electron/work/storage/windows-names.ts';
import { locate } from '../../electron/work/storage/source-path.ts';

describe('names on Windows', () => {
  it.each([
    ['aux', '_aux'],
    ['Con.old', '_Con.old'],
    ['LPT¹', '_LPT¹'],
    ['COM10', 'COM10'],
    ['console', 'console'],
    ['clip.', 'clip_'],
    ['clip . ', 'clip___'],
    ['a:b?"c"', 'a_b__c_'],
    ['tab\there', 'tab_here'],
    ['Été 😀', 'Été 😀'],
  ])('of %j is %j', (name, possible) => {
    expect(possibleName(name, 'win32')).toBe(possible);
    expect(possibleName(name, 'linux')).toBe(name);
    expect(possibleName(possible, 'win32')).toBe(possible);
  });
});

describe('source paths on Windows', () => {
  const roots = [
    { name: 'rushes', path: 'D:\\Rushes', serverPrefix: '\\\\nas\\rushes' },
    { name: 'B', path: 'E:\\' },
  ];
  const at = (path: string) => locate(path, roots, 'win32');

  it.each([
    ['d:\\rushes\\Day 1\\c.mov', 'rushes'],
    ['D:/RUSHES/Day 1/c.mov', 'rushes'],
    ['\\\\NAS\\Rushes\\Day 1\\c.mov', 'rushes'],
    ['//nas/rushes/Day 1/c.mov', 'rushes'],
    ['e:\\Day 1\\c.mov', 'B'],
  ])('%s lies in %s', (path, root) => {
    const located = at(path);
    expect(located).toMatchObject({ kind: 'in-root', root });
    expect(located.kind === 'in-root' && located.relative.replaceAll('\\', '/')).toBe('Day 1/c.mov');
  });

  it.each(['rushes/aux.mov', 'rushes/day/CON', 'rushes/nul /c.mov', 'rushes/c.mov:hidden', 'rushes/c:/x.mov'])(
    'refuses %s, which is no file there',
    (path) => {
      expect(at(path).kind).toBe('forbidden');
      expect(locate(path, roots, 'linux').kind).toBe('in-root');
    },
  );

  it.each(['d:\\rushes-old\\c.mov', 'F:\\c.mov'])('%s lies in none', (path) => {
    expect(at(path).kind).toBe('unknown-root');
  });
});
