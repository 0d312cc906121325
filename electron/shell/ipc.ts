import type { IpcMain } from 'electron';
import type { Revealed } from '../../shared/bridge.ts';
import type { Refusal } from '../../shared/failure.ts';
import type { AgentPort, GatewayLog } from '../gateway/agent-port.ts';
import { createDispatch } from '../gateway/dispatch.ts';
import { CALL_CHANNEL, REVEAL_CHANNEL, WATCH_CHANNEL } from './channels.ts';
import { addressOf, isOwnFrame } from './own-page.ts';
import { streamToPort } from './watch-port.ts';

const FOREIGN: Refusal = { code: 'FORBIDDEN', message: 'This request does not come from the agent’s own page.' };

interface PageServices {
  readonly agent: AgentPort;
  /** Shows a path in the file manager; parses it itself (reveal.ts). */
  readonly reveal: (path: unknown) => Promise<Revealed>;
  readonly log: GatewayLog;
}

/**
 * The page's only ways to the agent and the desktop. Every message is checked for its sender first; what a call says
 * is then parsed by the same dispatch as over HTTP.
 */
export function serveIpc(ipc: Pick<IpcMain, 'handle' | 'on'>, { agent, reveal, log }: PageServices): void {
  const dispatch = createDispatch(agent, log);
  const answer = (channel: string, perform: (...args: readonly unknown[]) => Promise<unknown>): void =>
    ipc.handle(channel, async (event, ...args: unknown[]) => {
      if (isOwnFrame(event.senderFrame)) return perform(...args);
      log.warn({ channel, frame: addressOf(event.senderFrame) }, 'A call from a foreign frame was refused');
      return { ok: false, refusal: FOREIGN };
    });
  answer(CALL_CHANNEL, (name, input) => dispatch(typeof name === 'string' ? name : '', input));
  answer(REVEAL_CHANNEL, reveal);
  ipc.on(WATCH_CHANNEL, (event) => {
    const [port, ...more] = event.ports;
    if (port !== undefined && more.length === 0 && isOwnFrame(event.senderFrame)) return streamToPort(agent, port);
    log.warn({ frame: addressOf(event.senderFrame) }, 'A watch from a foreign frame was refused');
    for (const each of event.ports) each.close();
  });
}
