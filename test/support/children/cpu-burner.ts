/** Silent for argv[2] ms, using argv[3] percent of a core (default 100), then exits with 0. */
const durationMs = Number(process.argv[2]);
const share = Number(process.argv[3] ?? 100) / 100;
const sleeping = new Int32Array(new SharedArrayBuffer(4));
const end = performance.now() + durationMs;
while (performance.now() < end) {
  const sliceEnd = performance.now() + 20 * share;
  while (performance.now() < sliceEnd) Math.sqrt(sliceEnd);
  if (share < 1) Atomics.wait(sleeping, 0, 0, 20 * (1 - share));
}
