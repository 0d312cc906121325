import { setTimeout as delay } from 'node:timers/promises';
import type { CommandInput, CommandName } from '../../shared/commands.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import type { Command } from '../support/command.ts';

/** What an agent's page does, without a browser. */
export interface AgentPage {
  /** Whether it was carried out. */
  call<N extends CommandName>(name: N, input: CommandInput<N>): Promise<boolean>;
  /** Waits for something to be true of the agent's state. */
  until(check: (snapshot: Snapshot) => boolean, limitMs: number): Promise<boolean>;
}

/** Takes the link that an agent with `--web` prints, and its session. */
export async function openAgentPage(agent: Command): Promise<AgentPage> {
  const [, origin = '', token = ''] = await agent.said(/Page: (http:\/\/[^/]+)\/#token=(\S+)/, 60_000);
  const json = { 'content-type': 'application/json' };
  const session = await fetch(`${origin}/session`, { method: 'POST', headers: json, body: JSON.stringify({ token }) });
  const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? '';
  /** A watch begins with the whole state. */
  const look = async (): Promise<Snapshot> => {
    const closed = new AbortController();
    const { body } = await fetch(`${origin}/watch`, { headers: { cookie }, signal: closed.signal });
    let text = '';
    for await (const chunk of body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('\n')) break;
    }
    closed.abort();
    return (JSON.parse(text.slice(0, text.indexOf('\n'))) as { snapshot: Snapshot }).snapshot;
  };
  return {
    async call(name, input) {
      const init = { method: 'POST', headers: { ...json, cookie }, body: JSON.stringify(input) };
      return (await fetch(`${origin}/rpc/${name}`, init)).ok;
    },
    async until(check, limitMs) {
      const until = performance.now() + limitMs;
      while (performance.now() < until) {
        if (check(await look())) return true;
        await delay(100);
      }
      return false;
    },
  };
}
