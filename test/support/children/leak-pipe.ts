import { spawn } from 'node:child_process';

/**
 * Exits with 0 while somebody it started holds its pipes for argv[2] ms: in an own session and with a cleared
 * environment, so that nothing ties that process to us any more. With argv[3] = "flood" the holder also writes.
 */
const seconds = Number(process.argv[2]) / 1_000;
const script =
  process.argv[3] === 'flood' ? `timeout ${String(seconds)} yes ${'y'.repeat(1_000)}; :` : `sleep ${String(seconds)}`;
const holder = spawn('/bin/sh', ['-c', script], {
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: true,
  env: { PATH: '/usr/bin:/bin' },
});
holder.unref();
process.stdout.write(`holder ${String(holder.pid)}\n`, () => process.exit(0));
