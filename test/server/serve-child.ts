import { createServer } from '../../server/server.ts';

/** A server in a process of its own, so that a test can kill it. Prints one line when it listens. */
const server = await createServer({ dataDir: process.argv[2] ?? '', maxPartSizeBytes: 1_000 });
const { url, agentToken, operatorToken } = server;
process.stdout.write(`${JSON.stringify({ url, agentToken, operatorToken })}\n`);
