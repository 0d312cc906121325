// A server in a process of its own: prints where it is, and on every line of input what it cost since the last one.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { watchOptions } from '../../electron/compose/work/watch-options.ts';
import { createSandboxPort } from '../../electron/work/process/sandbox-port.ts';
import { createServer } from '../../server/server.ts';

const [dataDir, media] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('which folder?');
/** As far as a photo: no tool is asked. */
const watch = watchOptions(() => (media === undefined ? [] : [{ name: 'RUSHES', path: media }]), {
  settings: () => ({}),
  sandbox: createSandboxPort({ policy: () => 'auto', env: process.env }),
});
const server = await createServer({ dataDir, watch });
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
say({ url: server.url, agentToken: server.agentToken, operatorToken: server.operatorToken });
for await (const _line of createInterface({ input: process.stdin })) {
  say({ rssBytes: process.memoryUsage.rss(), loopP99Ms: delay.percentile(99) / 1e6 });
  delay.reset();
}
await server.close();
