import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../electron/shell/arguments.ts';

describe('arguments of the desktop program', () => {
  it('are found among those of Electron and Chromium', () => {
    const given = readArguments([
      'electron',
      '/somewhere/out/main/main.js',
      '--no-sandbox',
      '--remote-debugging-port=0',
      '--data',
      'folder',
      '--media-root',
      'rushes=/mnt/rushes',
      '--media-root=cards=/mnt/cards=/srv/cards',
    ]);
    expect(given).toEqual({
      hidden: false,
      data: resolve('folder'),
      mediaRoots: [
        { name: 'rushes', path: resolve('/mnt/rushes') },
        { name: 'cards', path: resolve('/mnt/cards'), serverPrefix: '/srv/cards' },
      ],
    });
  });

  it('are optional', () => {
    expect(readArguments(['electron', 'main.js'])).toEqual({ data: undefined, mediaRoots: [], hidden: false });
  });

  it('that make no sense are refused with a next step', () => {
    const read = () => readArguments(['electron', 'main.js', '--media-root', 'nonsense']);
    expect(read).toThrow(expect.objectContaining({ refusal: expect.objectContaining({ code: 'MEDIA_ROOT_INVALID' }) }));
  });
});
