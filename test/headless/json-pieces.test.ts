import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { jsonPieces } from '../../electron/headless/process/json-pieces.ts';
import { printArray } from '../../electron/headless/process/print-array.ts';

const SPEECH = Array.from({ length: 3_000 }, (_, index) => ({
  start_ms: index,
  text: `“${index}”\n\\n é`,
  words: [{ p: 0.1, text: '' }, {}, []],
}));

const VALUES: readonly unknown[] = [
  null,
  'a\nb',
  {},
  [],
  [undefined, () => 1, Number.NaN],
  {
    absent: undefined,
    none: null,
    [`odd "name"\n`]: 1,
    samples: Array.from({ length: 2_000 }, (_, index) => index / 7),
  },
  [{ output: { segments: SPEECH }, result: { transcript: { segments: SPEECH }, gone: undefined, empty: [] } }],
];

test('pieces are the text of JSON.stringify, and no piece has much of a long value', () => {
  for (const value of VALUES) {
    const pieces = [...jsonPieces(value)];
    expect(pieces.join('')).toBe(JSON.stringify(value, null, 2) ?? 'null');
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(200_000);
  }
});

test('one array is printed from entries and from files of entries', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rc-print-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'result.json');
  writeFileSync(file, `${[...jsonPieces([{ a: 1 }, { b: SPEECH }])].join('')}\n`);
  const stream = new PassThrough();
  const said = text(stream);
  const printed = printArray(stream);
  await printed.addFile(file);
  await printed.add([{ c: 2 }]);
  await printed.addFile(file);
  await printed.end();
  stream.end();
  expect(JSON.parse(await said)).toEqual([{ a: 1 }, { b: SPEECH }, { c: 2 }, { a: 1 }, { b: SPEECH }]);
});
