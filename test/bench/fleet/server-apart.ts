import { createServer } from '../../../server/server.ts';
import type { ServerOptions } from '../../../server/options.ts';

/** One server process of the fleet: its options as JSON in the first argument. Prints one line when it listens. */
// As servers.ts wrote it.
const server = await createServer(JSON.parse(process.argv[2] ?? '{}') as ServerOptions);
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)));
