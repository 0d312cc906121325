import { parentPort, workerData } from 'node:worker_threads';
import { createOperatorClient } from '../compose/operator/operator-client.ts';
import { outputFolders } from './process/output-folders.ts';
import type { FromWriteThread, WriteOrder } from './process/write-messages.ts';
import { summaryOf } from './process/write-results.ts';
import { preferSmallHeap, writeSource } from './process/write-source.ts';

/** Reads and writes results of megabytes beside the thread that serves the agent's leases. */
const port = parentPort;
if (port === null) throw new Error('write-thread runs as a worker thread only');

// What result-writer.ts gave it.
const { serverUrl, operatorToken, sources, ...options } = workerData as WriteOrder;
const client = createOperatorClient(serverUrl, operatorToken);
const post = (message: FromWriteThread): void => port.postMessage(message);

preferSmallHeap();
const folders = await outputFolders(
  options.out,
  sources.map(({ source }) => source),
);
for (const order of sources) {
  const place = folders.get(order.source);
  if (place === undefined) continue;
  const { entries, file } = await writeSource(client, { ...order, place }, options);
  post({ type: 'written', results: entries.map(summaryOf), entries: file ?? entries });
}
post({ type: 'done', folders });
