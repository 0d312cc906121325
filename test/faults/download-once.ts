import { setTimeout as delay } from 'node:timers/promises';
import { downloadModel } from '../../electron/work/speech/download-model.ts';

/**
 * `node test/faults/download-once.ts URL FILE`: one download of a model file, as the agent makes it. A program of its own:
 * the models that the command line knows are too large for a test.
 */
const [url = '', target = ''] = process.argv.slice(2);
await downloadModel(
  {
    url,
    target,
    approximateBytes: 1_000_000,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onChecking: () => undefined,
    inspect: () => Promise.resolve(null),
  },
  { fetch, sleep: (ms) => delay(ms) },
);
