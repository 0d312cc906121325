import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../work/clock.ts';
import { createLeaseLoop } from './lease-loop.ts';
import type { FromLeaseThread, LeaseThreadData, ToLeaseThread } from './messages.ts';
import { killNow } from '../../work/process/kill-tree.ts';
import { createClient, type Credentials } from '../server/client.ts';
import { createNetworkFetch } from '../server/network-fetch.ts';

/** The thread that keeps leases alive whatever the main loop does. Holds no job logic: see lease/lease-loop.ts. */
const port = parentPort;
if (port === null) throw new Error('lease-thread runs as a worker thread only');

// What leases.ts gave it.
const data = workerData as LeaseThreadData;
let credentials: Credentials = data.credentials;

const loop = createLeaseLoop({
  client: createClient({
    serverUrl: data.serverUrl,
    fetch: createNetworkFetch(data.network),
    credentials: () => credentials,
    monotonic: systemClock.monotonic,
  }),
  clock: systemClock,
  send: (message: FromLeaseThread) => port.postMessage(message),
  killGroup: killNow,
});

port.on('message', (message: ToLeaseThread) => {
  if (message.type === 'credentials') credentials = message.credentials;
  loop.receive(message);
});
