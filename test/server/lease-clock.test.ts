import { describe, expect, it } from 'vitest';
import { createDowntimeDetector, createLeaseClock } from '../../server/lease-clock.ts';

const HOUR = 3_600_000;

const make = () => {
  const set = { wall: 1_000_000, monotonic: 5_000 };
  const clock = createLeaseClock(
    () => set.wall,
    () => set.monotonic,
  );
  const pass = (ms: number): void => {
    set.wall += ms;
    set.monotonic += ms;
  };
  return { set, clock, pass };
};

describe('the clock of leases', () => {
  it('begins at the wall clock and passes as time does', () => {
    const { clock, pass } = make();
    expect(clock()).toBe(1_000_000);
    pass(60_000);
    expect(clock()).toBe(1_060_000);
  });

  it.each([HOUR, -HOUR, 24 * HOUR, 800])('knows nothing of a wall clock that is set by %i ms', (step) => {
    const { set, clock, pass } = make();
    set.wall += step;
    pass(60_000);
    expect(clock()).toBe(1_060_000);
  });
});

describe('the absence of the server', () => {
  const away = () => {
    const { set, clock, pass } = make();
    return { set, pass, absence: createDowntimeDetector(() => set.wall, clock, 20_000) };
  };

  it('is noticed once after a gap: a stopped process, or a sleep in which only the wall clock went on', () => {
    const { set, pass, absence } = away();
    pass(20_000);
    expect(absence.noticed()).toBe(false);
    pass(20_001);
    expect([absence.noticed(), absence.noticed()]).toEqual([true, false]);
    set.wall += 8 * HOUR;
    expect([absence.noticed(), absence.noticed()]).toEqual([true, false]);
  });

  it('is not concluded from a wall clock that is set back', () => {
    const { set, pass, absence } = away();
    set.wall -= HOUR;
    pass(5_000);
    expect(absence.noticed()).toBe(false);
    pass(5_000);
    expect(absence.noticed()).toBe(false);
  });
});
