import { open } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createFakeTime } from '../support/fake-time.ts';
import { stillness } from './stillness.ts';

it('a world that never comes to rest says what it waits for', async () => {
  const time = createFakeTime(stillness(() => 3, 50));
  time.later(1_000, () => undefined);
  await expect(time.pass(5_000)).rejects.toThrow(/does not come to rest: 3 requests under way, 1 asleep/);
  expect(time.now()).toBe(0);
});

it('a world waits for files and requests, however long they take, and then goes on', async () => {
  let underWay = 1;
  const time = createFakeTime(stillness(() => underWay));
  const woken: number[] = [];
  time.later(1_000, () => void woken.push(time.now()));
  setTimeout(() => {
    underWay = 0;
  }, 200);
  const file = await open('package.json');
  void file.readFile().then(() => file.close());
  await time.pass(5_000);
  expect([underWay, woken, time.now()]).toEqual([0, [1_000], 5_000]);
});
