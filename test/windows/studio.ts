import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CAPABILITIES } from '../../shared/job.ts';
import { createOperator, type Operator } from '../support/studio.ts';
import { MODEL, type AtConsole, type Desk, type Options } from './desk.ts';
import { PATIENCE_MS } from './wine.ts';

/** A server in Wine with its own folder on E:, agents for it, and what an operator asks of it. */
export interface WindowsStudio {
  readonly url: string;
  readonly operator: Operator;
  readonly server: AtConsole;
  /** Unix path of the server's data folder. */
  readonly dataDir: string;
  /** Starts an agent in the work folder `E:\STUDIO\NAME`, in a console of its own. */
  agent(name: string, more?: readonly string[], options?: Options): AtConsole;
  workFolder(name: string): string;
  /** Waits until an agent says that it is connected. */
  connected(agent: AtConsole): Promise<void>;
  /** Waits until none of these jobs is open; throws which are when that takes too long. */
  ended(jobIds: readonly string[]): Promise<void>;
  /** Ends the server by Ctrl+C. */
  close(): Promise<number>;
}

const LEASE_SECONDS = 20;

export async function openStudio(desk: Desk, name: string): Promise<WindowsStudio> {
  const folder = `E:\\${name}`;
  const data = `${folder}\\server`;
  const server = desk.console([
    ...['server', '--data', data, '--port', '0', '--lease', String(LEASE_SECONDS), '--max-attempts', '20'],
  ]);
  const [, url = ''] = await server.said(/RushCatalog server: (http\S+)/);
  const token = readFileSync(desk.unix(`${data}\\operator-token`), 'utf8').trim();
  const operator = createOperator(() => ({ url, token }));
  const workFolder = (agent: string): string => `${folder}\\${agent}`;
  return {
    url,
    operator,
    server,
    dataDir: desk.unix(data),
    workFolder,
    agent: (agent, more = [], options = {}) =>
      desk.console(
        [
          ...['agent', '--server', url, '--token-file', `${data}\\agent-token`, '--work', workFolder(agent)],
          ...['--media-root', 'rushes=D:\\=\\\\nas\\rushes', '--speech-model', MODEL, ...more],
        ],
        options,
      ),
    connected: async (agent) => void (await agent.said(/Connected/)),
    async ended(jobIds) {
      // A busy machine has been seen to need ten seconds for each.
      const patienceMs = PATIENCE_MS + jobIds.length * 20_000;
      for (const until = performance.now() + patienceMs; ; await delay(200)) {
        const jobs = await operator.jobs();
        const open = jobs.filter(
          ({ job_id, status }) => jobIds.includes(job_id) && status !== 'completed' && status !== 'failed',
        );
        if (open.length === 0) return;
        if (performance.now() > until) throw new Error(`Not ended: ${JSON.stringify(open).slice(0, 600)}`);
      }
    },
    async close() {
      server.press('ctrl-c');
      return (await server.ended).code;
    },
  };
}

/** Settings that leave only these capabilities to be proved at a start. */
export function onlyCapabilities(desk: Desk, work: string, wanted: readonly string[]): void {
  const capabilities = Object.fromEntries(CAPABILITIES.map((name) => [name, wanted.includes(name)]));
  writeFileSync(desk.unix(`${work}\\settings.json`), JSON.stringify({ capabilities }));
}
