import { Worker } from 'node:worker_threads';
import type { OutputFolder } from './output-folders.ts';
import type { PrintedArray } from './print-array.ts';
import type { FromWriteThread, WriteOrder } from './write-messages.ts';
import type { ResultSummary } from './write-results.ts';

interface WrittenResults {
  readonly results: readonly ResultSummary[];
  readonly folders: ReadonlyMap<string, OutputFolder>;
}

/**
 * The young generation of the thread: transcripts of hours are made of a hundred thousand small objects, and what is
 * dropped at once need not fill more room than this.
 */
const YOUNG_MB = 8;

/** Writes what the jobs made, in a thread of its own, and prints the entries if there is something to print them to. */
export async function writeResults(order: WriteOrder, printed: PrintedArray | null): Promise<WrittenResults> {
  const worker = new Worker(threadUrl(import.meta.url), {
    workerData: order,
    name: 'results',
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  const results: ResultSummary[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<string, OutputFolder>>();
  let printing = Promise.resolve();
  worker.on('message', (message: FromWriteThread) => {
    if (message.type === 'done') return resolve(message.folders);
    results.push(...message.results);
    const { entries } = message;
    if (printed === null) return;
    printing = printing.then(() => (typeof entries === 'string' ? printed.addFile(entries) : printed.add(entries)));
    printing.catch(reject);
  });
  worker.once('error', reject);
  worker.once('exit', (code) => reject(new Error(`the thread that writes results ended with ${code}`)));
  try {
    const folders = await promise;
    await printing;
    return { results, folders };
  } finally {
    await worker.terminate();
  }
}

function threadUrl(own: string): URL {
  return own.endsWith('.ts') ? new URL('../write-thread.ts', own) : new URL('./write-thread.js', own);
}
