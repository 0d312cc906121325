// Loaded before everything else (`node --import`): on SIGUSR2 the program writes how it is doing, after a full collection,
// to the file that RC_SELF_REPORT names. The delay of the event loop is measured since the report before.
import { writeFileSync, renameSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const file = process.env.RC_SELF_REPORT;
if (file !== undefined && isMainThread) {
  const resolution = 10;
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  process.on('SIGUSR2', () => {
    // What it waits for by itself is no delay.
    const p99 = Math.max(0, delay.percentile(99) / 1e6 - resolution);
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    const { rss, heapUsed, external } = process.memoryUsage();
    writeFileSync(`${file}.new`, JSON.stringify({ rss, heapUsed, external, p99 }));
    renameSync(`${file}.new`, file);
    delay.reset();
  });
}
