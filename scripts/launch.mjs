// npm run process | agent | server | doctor | start: checks Node, builds if needed, makes sure of the tools, runs.
import { requireNode } from './node-check.mjs';

requireNode();
// One thread per possibly hanging media root and some to spare (reliability.md); libuv reads it at its first use.
process.env.UV_THREADPOOL_SIZE ??= '32';

const { ensureBuilt } = await import('./build.mjs');
const { ensureTools } = await import('./tools.mjs');

const [command = 'start', ...args] = process.argv.slice(2);
const helpOnly = args.includes('--help') || args.includes('-h');
if (!helpOnly && ['process', 'agent', 'start'].includes(command)) await ensureTools(['ffmpeg', 'ffprobe']);
ensureBuilt();
process.argv = [process.argv[0] ?? 'node', 'rushcatalog-agent', command, ...args];
await import('../out/node/rushcatalog-agent.js');
