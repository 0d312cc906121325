import { array, assert, constantFrom, integer, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineSplitter } from '../../electron/work/process/lines.ts';

function split(chunks: readonly Buffer[], maxBytes?: number): string[] {
  const lines: string[] = [];
  const splitter = createLineSplitter((line) => lines.push(line), maxBytes);
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

describe('createLineSplitter', () => {
  it.each([
    ['a\nb\n', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['frame=1\rframe=2\rframe=3\n', ['frame=1', 'frame=2', 'frame=3']],
    ['no end', ['no end']],
    ['a\n\nb', ['a', '', 'b']],
    ['a\r\r\nb', ['a', '', 'b']],
    ['', []],
  ])('cuts %j', (text, expected) => {
    expect(split([Buffer.from(text)])).toEqual(expected);
    expect(split([...Buffer.from(text)].map((byte) => Buffer.from([byte])))).toEqual(expected);
  });

  it('gives the same lines however the bytes are cut into chunks', () => {
    const text = string({ unit: constantFrom('a', 'é', '🎬', '\r', '\n', '\r\n', 'frame=12 '), maxLength: 60 });
    assert(
      property(text, array(integer({ min: 1, max: 9 }), { minLength: 1 }), (text, sizes) => {
        const bytes = Buffer.from(text);
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        const expected = text.split(/\r\n|\r|\n/);
        if (expected.at(-1) === '') expected.pop();
        expect(split(chunks)).toEqual(expected);
      }),
    );
  });

  it('cuts an over-long line at the limit, drops its rest and finds the next line', () => {
    const chunks = [Buffer.alloc(70_000, 'x'), Buffer.alloc(70_000, 'y'), Buffer.from('tail\nnext\n')];
    const [first, second, ...rest] = split(chunks);
    expect(first).toHaveLength(64 * 1024);
    expect(second).toBe('next');
    expect(rest).toEqual([]);
  });

  it('cuts an over-long line between characters, in one chunk or many', () => {
    for (const character of ['é', '€', '🎬']) {
      for (let maxBytes = 8; maxBytes < 13; maxBytes++) {
        const bytes = Buffer.from(`${character.repeat(20)}\n`);
        const whole = Math.floor(maxBytes / Buffer.byteLength(character));
        expect(split([bytes], maxBytes)).toEqual([character.repeat(whole)]);
        expect(split([bytes.subarray(0, 5), bytes.subarray(5)], maxBytes)).toEqual([character.repeat(whole)]);
      }
    }
  });

  it('holds no more than its limit while no line end comes', () => {
    const before = process.memoryUsage().arrayBuffers;
    const splitter = createLineSplitter(() => undefined);
    for (let i = 0; i < 2_000; i++) splitter.push(Buffer.alloc(64 * 1024, 'x'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150 * 1024 * 1024);
    let length = 0;
    const last = createLineSplitter((line) => (length = line.length));
    for (let i = 0; i < 100; i++) last.push(Buffer.alloc(64 * 1024, 'x'));
    last.push(Buffer.from('\n'));
    expect(length).toBe(64 * 1024);
  });
});
