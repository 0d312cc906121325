import { expect, it } from 'vitest';
import { dayName } from '../../renderer/format/instants.ts';
import { rowsByDay } from '../../renderer/results/days.ts';
import type { DoneAsset } from '../../renderer/selectors.ts';

const file = (assetUuid: string, endedAt: Date): DoneAsset => ({
  ...{ assetUuid, endedAt: endedAt.toISOString(), sourcePath: `R/${assetUuid}.mov` },
  ...{ jobs: [], artifacts: [], warnings: [] },
});

it('puts files under the day on which they were done, as many beside each other as there is room for', () => {
  const files = [
    file('a', new Date(2026, 2, 2, 14)),
    file('b', new Date(2026, 2, 2, 0, 1)),
    file('c', new Date(2026, 2, 2, 0, 0)),
    file('d', new Date(2026, 2, 1, 23, 59)),
  ];
  const shape = (across: number) =>
    rowsByDay(files, across).map((row) =>
      row.kind === 'day' ? row.files : row.assets.map(({ assetUuid }) => assetUuid).join(''),
    );
  expect(shape(1)).toEqual([3, 'a', 'b', 'c', 1, 'd']);
  expect(shape(2)).toEqual([3, 'ab', 'c', 1, 'd']);
});

it('names days as a person does', () => {
  const now = new Date(2026, 2, 2, 9).getTime();
  const name = (language: string, ...day: [number, number, number]): string =>
    dayName(new Date(...day, 23, 30).toISOString(), language, now);
  expect([name('en', 2026, 2, 2), name('en', 2026, 2, 1), name('en', 2026, 1, 27)]).toEqual([
    'Today',
    'Yesterday',
    'Friday 27 February',
  ]);
  expect([name('fr', 2026, 2, 2), name('fr', 2026, 2, 1), name('fr', 2025, 11, 31)]).toEqual([
    'Aujourd’hui',
    'Hier',
    'Mercredi 31 décembre 2025',
  ]);
});
