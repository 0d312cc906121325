import type { MessagePortMain } from 'electron';
import type { AgentPort } from '../gateway/agent-port.ts';
import { publish } from '../gateway/publish.ts';
import { PULSE_MS } from '../gateway/watch-stream.ts';
import type { FromPage, ToPage } from './channels.ts';

/** So many updates may be on their way to a page that has not answered them; then it gets a snapshot instead. */
const UNANSWERED_LIMIT = 64;

type Port = Pick<MessagePortMain, 'postMessage' | 'start' | 'close'> & {
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
};

/**
 * Shows the agent over a MessagePort for as long as the page keeps it: an update per message, and a pulse a second
 * that proves that the agent's main loop turns.
 */
export function streamToPort(agent: Pick<AgentPort, 'snapshot' | 'subscribe'>, port: Port): void {
  let unanswered = 0;
  const send = (message: ToPage): void => port.postMessage(message);
  const publisher = publish(agent, {
    send: (update) => {
      send({ kind: 'update', update });
      unanswered += 1;
      return unanswered < UNANSWERED_LIMIT;
    },
    abandon: () => end(),
  });
  const pulse = setInterval(() => {
    if (unanswered < UNANSWERED_LIMIT) send({ kind: 'pulse' });
  }, PULSE_MS);
  const stop = (): void => {
    clearInterval(pulse);
    publisher.close();
  };
  const end = (): void => {
    stop();
    port.close();
  };
  port.on('message', ({ data }) => {
    if (!isFromPage(data)) return;
    if (data === 'close') return end();
    if (data === 'resync') return publisher.resync();
    unanswered = Math.max(0, unanswered - 1);
    if (unanswered === 0) publisher.drained();
  });
  port.on('close', stop);
  port.start();
}

function isFromPage(data: unknown): data is FromPage {
  return data === 'taken' || data === 'resync' || data === 'close';
}
