import type { IpcMain } from 'electron';
import type { Refusal } from '../../shared/failure.ts';
import type { AgentPort, GatewayLog } from '../gateway/agent-port.ts';
import { createDispatch } from '../gateway/dispatch.ts';
import { CALL_CHANNEL, WATCH_CHANNEL } from './channels.ts';
import { addressOf, isOwnFrame } from './own-page.ts';
import { streamToPort } from './watch-port.ts';

const FOREIGN: Refusal = { code: 'FORBIDDEN', message: 'This request does not come from the agent’s own page.' };

/**
 * The page's only two ways to the agent. Every message is checked for its sender first; what a call says is then
 * parsed by the same dispatch as over HTTP.
 */
export function serveIpc(ipc: Pick<IpcMain, 'handle' | 'on'>, agent: AgentPort, log: GatewayLog): void {
  const dispatch = createDispatch(agent, log);
  ipc.handle(CALL_CHANNEL, async (event, name: unknown, input: unknown) => {
    if (!isOwnFrame(event.senderFrame)) {
      log.warn({ frame: addressOf(event.senderFrame) }, 'A call from a foreign frame was refused');
      return { ok: false, refusal: FOREIGN };
    }
    return dispatch(typeof name === 'string' ? name : '', input);
  });
  ipc.on(WATCH_CHANNEL, (event) => {
    const [port, ...more] = event.ports;
    if (port !== undefined && more.length === 0 && isOwnFrame(event.senderFrame)) return streamToPort(agent, port);
    log.warn({ frame: addressOf(event.senderFrame) }, 'A watch from a foreign frame was refused');
    for (const each of event.ports) each.close();
  });
}
