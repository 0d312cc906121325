import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { API_BASE } from '../../shared/wire.ts';
import { ensureBuild, put, start, type Command } from '../support/command.ts';
import { createOperator } from '../support/studio.ts';
import { startReceiver, type Received, type Receiver } from '../support/receiver.ts';
import { createFindings, type Campaign } from './campaign.ts';

const JOBS = 4;
/** A minute in which failures are gathered, and a receiver that was away for a while is left alone for 80 s. */
const TOLD_WITHIN_MS = 300_000;

/** A server that tells two receivers of failures, one of which often does not listen, killed while it does so. */
export const telling: Campaign = {
  name: 'telling',
  proves:
    'kill -9 of a server that tells of failures by webhooks, one of which answers errors and cuts connections: every failure is told to both, once for each message’s id, in one order',
  runs: 60,
  minutes: 20,
  lanes: 1,
  async open() {
    ensureBuild();
    const folder = mkdtempSync(join(tmpdir(), 'rc-telling-'));
    const data = join(folder, 'data');
    const receivers = [await startReceiver(), await startReceiver()] as const;
    const webhooks = receivers.map(({ url, secret }, index) => {
      const secretFile = join(folder, `secret-${index}`);
      writeFileSync(secretFile, secret, { mode: 0o600 });
      return { url, secretFile, events: ['jobFailed'] };
    });
    const file = join(folder, 'tell.json');
    writeFileSync(file, JSON.stringify({ webhooks }), { mode: 0o600 });
    let url = '';
    const launch = async (): Promise<Command> => {
      const server = start(['server', '--port', '0', '--data', data, '--tell', file]);
      [, url = ''] = await server.said(/server: (http:\/\/\S+)/);
      return server;
    };
    let server = await launch();
    const token = (name: string): string => readFileSync(join(data, name), 'utf8').trim();
    const operator = createOperator(() => ({ url, token: token('operator-token') }));
    const client = createClient(() => url, token('agent-token'));
    const agentId = await client.register();
    // The first look notes where the ledger ended; what failed before is no news.
    await delay(5_000);
    let failures = 0;
    return {
      async run(index, random) {
        const found = createFindings();
        const [often] = receivers;
        for (let more = 0; more < 2; more += 1) if (random() < 0.4) often.next.push(random() < 0.5 ? 503 : 'cut');
        const jobs: string[] = [];
        for (let at = 0; at < JOBS; at += 1)
          jobs.push(await operator.job(`RUSHES/${index} ${at}.mov`, 'generate_thumbnails'));
        const failing = client.failAll(agentId, jobs, causeOf(index));
        await delay(random() * 2_000);
        server.signal('SIGKILL');
        await server.ended;
        server = await launch();
        await failing;
        failures += JOBS;
        found.count('failures', JOBS);
        return found.result();
      },
      async close() {
        const found = createFindings();
        try {
          receivers[0].next.length = 0;
          const until = Date.now() + TOLD_WITHIN_MS;
          while (Date.now() < until && receivers.some((each) => told(each) < failures)) await delay(1_000);
          const [first, second] = receivers.map(inOrder);
          for (const each of receivers) {
            found.expect('every failure is told, and none twice', told(each) === failures, [told(each), failures]);
            found.count('messages', inOrder(each).length);
            found.count('tries', each.tries.length);
            found.count('taken once more after a kill', each.taken.length - inOrder(each).length);
          }
          found.expect('both are told in one order', JSON.stringify(first) === JSON.stringify(second));
        } finally {
          await put(server);
          await Promise.all(receivers.map((each) => each.close()));
          rmSync(folder, { recursive: true, force: true });
        }
        return found.result();
      },
    };
  },
};

/** Letters: numbers are no part of a cause. */
const causeOf = (index: number): string =>
  `It is wrong as ${[...String(index)].map((digit) => 'abcdefghij'[Number(digit)]).join('')}.`;

/** A message that was taken while the server was killed comes again, with its id. */
const messages = ({ taken }: Receiver): readonly Received[] => [
  ...new Map(taken.map((each) => [each.id, each])).values(),
];
const inOrder = (receiver: Receiver): readonly string[] => messages(receiver).map(({ id }) => id);
const told = (receiver: Receiver): number =>
  messages(receiver).reduce((sum, { data }) => sum + Number(data['jobs'] ?? 0), 0);

/** An agent's calls, made again with their keys until a server is there that answers. */
function createClient(url: () => string, token: string) {
  const call = async <T>(path: string, body: unknown, agent: Record<string, string> = {}): Promise<T> => {
    const headers = { authorization: `Bearer ${token}`, 'idempotency-key': randomUUID(), ...agent };
    for (;;) {
      const answered = await fetch(`${url()}${API_BASE}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
        .then(async (response) => ({ status: response.status, text: await response.text() }))
        .catch(() => null);
      if (answered?.status === 200) return JSON.parse(answered.text) as T;
      if (answered !== null && answered.status < 500)
        throw new Error(`${path} answered ${answered.status}: ${answered.text}`);
      await delay(50);
    }
  };
  return {
    async register(): Promise<string> {
      const who = { installation_id: randomUUID(), agent_name: 'edit-1', agent_version: '0.1.0' };
      return (await call<{ agent_id: string }>('/agents/register', { ...who, capabilities: ['media.thumbnails@1'] }))
        .agent_id;
    },
    async failAll(agentId: string, jobs: readonly string[], message: string): Promise<void> {
      const agent = { 'x-agent-id': agentId };
      for (const job of jobs) {
        const { lock_token } = await call<{ lock_token: string }>(`/jobs/${job}/claim`, {}, agent);
        const failure = { lock_token, error_code: 'UNSUPPORTED_MEDIA', message, retryable: false };
        await call(`/jobs/${job}/fail`, failure, agent);
      }
    },
  };
}
