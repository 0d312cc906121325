import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createServer } from '../../server/server.ts';
import { moveToPostgres, restoreBackup } from '../../server/upkeep/move.ts';
import { API_BASE } from '../../shared/wire.ts';

/** One step of carrying a catalogue in a process of its own, whose heap a test bounds. Prints one line at its end. */
const [step = '', dataDir = '', target = ''] = process.argv.slice(2);

async function served(path: string): Promise<unknown> {
  const server = await createServer({ dataDir, metrics: {} });
  try {
    const headers = { authorization: `Bearer ${server.operatorToken}` };
    const base = path === '/metrics' ? server.url : `${server.url}${API_BASE}`;
    const response = await fetch(`${base}${path}`, { headers });
    if (response.body === null || !response.ok) throw new Error(`${path} answered ${response.status}`);
    if (path !== '/backup') return (await response.text()).trimEnd().split('\n').at(-1);
    return await pipeline(Readable.from(response.body), createWriteStream(target));
  } finally {
    await server.close();
  }
}

const STEPS: Readonly<Record<string, () => Promise<unknown>>> = {
  backup: () => served('/backup'),
  check: () => served('/check?hashes=true'),
  metrics: () => served('/metrics'),
  restore: () => restoreBackup(target, { dataDir }),
  move: async () => (await moveToPostgres(dataDir, { url: target })).sums,
};
const begun = performance.now();
const answer = await STEPS[step]?.();
const { maxRSS } = process.resourceUsage();
const took = { seconds: (performance.now() - begun) / 1_000, megabytes: maxRSS / 1024 };
process.stdout.write(`${JSON.stringify({ answer, ...took })}\n`);
