import { describe, expect, it } from 'vitest';
import { createSteadyClock } from '../../server/steady-clock.ts';

const HOUR = 3_600_000;

describe('the clock of leases', () => {
  const make = () => {
    const set = { wall: 1_000_000, monotonic: 0 };
    const clock = createSteadyClock(
      () => set.wall,
      () => set.monotonic,
    );
    const pass = (ms: number): void => {
      set.wall += ms;
      set.monotonic += ms;
    };
    return { set, clock, pass };
  };

  it('follows the wall clock, small corrections included', () => {
    const { set, clock, pass } = make();
    pass(60_000);
    set.wall += 800;
    expect(clock()).toBe(1_060_800);
  });

  it.each([HOUR, -HOUR])('makes up slowly for a step of %i ms', (step) => {
    const { set, clock, pass } = make();
    const before = clock();
    set.wall += step;
    pass(60_000);
    expect(Math.abs(clock() - before - 60_000)).toBeLessThanOrEqual(600);
    for (let n = 0; n < 120; n += 1) {
      pass(HOUR);
      clock();
    }
    expect(clock()).toBe(set.wall);
  });

  it('never goes back', () => {
    const { set, clock, pass } = make();
    const before = clock();
    set.wall -= HOUR;
    pass(1);
    expect(clock()).toBeGreaterThanOrEqual(before);
  });
});
