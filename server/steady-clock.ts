/** A step of the wall clock, against the monotonic one, beyond which somebody set it (or the machine slept), ms. */
const STEP_MS = 2_000;
/** Of the time that passes, the most by which the difference is made up for. */
const SLEW = 0.01;

/**
 * The wall clock for leases: it follows `wall`, except that a sudden step of it is made up for slowly, at most 1 % of
 * the time that passes. So a clock that is set by an hour, or a night of sleep in which no heartbeat could arrive,
 * neither ends every lease at once nor keeps a dead agent's job for an hour. `monotonic` in ms; epoch ms come out.
 */
export function createSteadyClock(wall: () => number, monotonic: () => number): () => number {
  let seenAt = monotonic();
  let time = wall();
  return () => {
    const at = monotonic();
    const passed = at - seenAt;
    seenAt = at;
    time += passed;
    const off = wall() - time;
    time += Math.abs(off) <= STEP_MS ? off : Math.sign(off) * passed * SLEW;
    return Math.round(time);
  };
}
