import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PageKeys } from '../../web/page-session.ts';
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

/** Begins a session with an agent that shows a page: the address it says, the token it keeps in its work folder. */
export async function openAgentPage(agent: Command, workFolder: string): Promise<AgentPage> {
  const [, origin = ''] = await agent.said(/Page: (http:\/\/[^/]+)\//);
  const token = (await readFile(join(workFolder, 'web-token'), 'utf8')).trim();
  const json = { 'content-type': 'application/json' };
  const session = await fetch(`${origin}/session`, { method: 'POST', headers: json, body: JSON.stringify({ token }) });
  const keys = (await session.json()) as PageKeys;
  const authorization = `Bearer ${keys.session}`;
  /** A watch begins with the whole state. */
  const look = async (): Promise<Snapshot> => {
    const closed = new AbortController();
    const { body } = await fetch(`${origin}/watch`, { headers: { authorization }, signal: closed.signal });
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
      const init = { method: 'POST', headers: { ...json, authorization }, body: JSON.stringify(input) };
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
