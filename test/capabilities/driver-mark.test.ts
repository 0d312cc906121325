import { afterEach, expect, it, vi } from 'vitest';
import { driverMark } from '../../electron/work/capabilities/driver-mark.ts';
import { systemClock } from '../../electron/work/clock.ts';

afterEach(() => vi.restoreAllMocks());

it('a sleep makes another mark, a wall clock that was set does not', async () => {
  const asleep = vi.spyOn(systemClock, 'asleepMs').mockReturnValue(0);
  const before = await driverMark('/none');
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now + 3_600_000);
  expect(await driverMark('/none')).toBe(before);
  asleep.mockReturnValue(3_600_000);
  expect(await driverMark('/none')).not.toBe(before);
});
